import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { DirectoryAccess, DirectorySubject, GroupMembership } from './contract.js';
import { type DirectoryFault, isDirectoryFault } from './directory-fault.js';
import type { GraphDirectory } from './graph.directory.js';

export interface GraphDirectoryAccessDeps {
  /** By `directoryKey`. */
  readonly directories: ReadonlyMap<string, GraphDirectory>;
  readonly logger: Logger;
  readonly counters: Counters;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ENTRA_INSTANCE = /^entra:[^:]+:([0-9a-f-]{36})$/;

type Unresolved = Extract<GroupMembership, { status: 'unresolved' }>;

export function directoryKey(issuer: string, tenantId: string): string {
  return `${tenantId} ${issuer}`;
}

/** Asks Microsoft Graph of the subject's own tenant, where one is configured for its issuer. */
export class GraphDirectoryAccess implements DirectoryAccess {
  constructor(private readonly deps: GraphDirectoryAccessDeps) {}

  async groupsOf(context: CallContext, subject: DirectorySubject, mappedGroups: readonly string[]): Promise<GroupMembership> {
    const directory = this.directoryOf(subject);
    if (directory === undefined)
      return this.unresolved(context, subject, 'no directory is configured for this issuer and tenant');
    if (!GUID.test(subject.externalId)) return this.unresolved(context, subject, 'the subject has no object id');
    const odd = mappedGroups.find((group) => !GUID.test(group));
    if (odd !== undefined) return this.unresolved(context, subject, `the mapped group ${odd} is not an object id`);
    const ids = new Set(mappedGroups.map((group) => group.toLowerCase()));
    try {
      const found = await directory.memberships(context, subject, [...ids]);
      this.deps.counters.increment('directory.answers', 'resolved');
      return { status: 'resolved', groups: mappedGroups.filter((group) => found.has(group.toLowerCase())) };
    } catch (error) {
      if (!isDirectoryFault(error)) throw error;
      return this.answerTo(context, subject, error);
    }
  }

  /** The tenant comes from the verified identity: a subject is never looked up in another tenant than its own. */
  private directoryOf({ issuer, instance }: DirectorySubject): GraphDirectory | undefined {
    const tenantId = ENTRA_INSTANCE.exec(instance)?.[1];
    return tenantId === undefined ? undefined : this.deps.directories.get(directoryKey(issuer, tenantId));
  }

  private answerTo(context: CallContext, subject: DirectorySubject, fault: DirectoryFault): GroupMembership {
    this.deps.counters.increment('directory.answers', fault.kind);
    const { diagnosticId } = context;
    const fields = { diagnosticId, issuer: subject.issuer, instance: subject.instance, reason: fault.message };
    if (fault.kind === 'misconfigured') {
      this.deps.logger.error('directory.misconfigured', fields);
      throw new CodedError('INTERNAL', { internal: `directory: ${fault.message}` });
    }
    if (fault.kind === 'refused') {
      const unresolved = this.unresolved(context, subject, fault.message);
      return fault.claims === null ? unresolved : { ...unresolved, claims: Buffer.from(fault.claims).toString('base64') };
    }
    const retryAfterSeconds = fault.retryAfterSeconds ?? 1;
    this.deps.logger.warn('directory.unavailable', { ...fields, retryAfterSeconds });
    return { status: 'unresolved', reason: fault.message, retryAfterSeconds };
  }

  private unresolved({ diagnosticId }: CallContext, { issuer, instance }: DirectorySubject, reason: string): Unresolved {
    this.deps.logger.warn('directory.unresolved', { diagnosticId, issuer, instance, reason });
    return { status: 'unresolved', reason };
  }
}
