import { createHash, randomBytes } from 'node:crypto';
import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { IssuerRegistry } from '#accessors/issuer/contract.js';
import type { ClientRecord, ClientRegistry } from '#accessors/registration/client-registry.contract.js';
import type { RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { ADMINISTRATION_APPLICATION } from './administration-application.js';
import type {
  AddedSecret,
  ClientAdministration,
  ClientChange,
  ClientOverview,
  ClientPutOrder,
  ClientReview,
  SecretOrder,
} from './client-administration.contract.js';
import type { ClientDocument } from './client-document.js';
import { documentOf, methodsOf, readClient, takesSecrets } from './client-reading.js';
import { clientRegistration, clientWarnings } from './client-rules.js';

export interface ClientAdministrationDeps {
  readonly clientRegistry: ClientRegistry;
  readonly registrationAccess: Pick<RegistrationAccess, 'applications' | 'registerClient'>;
  readonly issuerRegistry: Pick<IssuerRegistry, 'issuers'>;
  readonly permissionEngine: PermissionEngine;
  readonly policyLanguage: PolicyLanguage;
  readonly callerProofs: Pick<CallerProofs, 'problemOfKey'>;
  readonly factAccess: Pick<FactAccess, 'announceChanges'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 730;

/** Undoes a unit of work that was only tried out, and carries out of it what it would have done. */
class TriedOut extends Error {
  constructor(readonly result: unknown) {
    super('tried out');
  }
}

interface Change<Result> {
  readonly clientId: string;
  readonly validateOnly: boolean;
  readonly work: () => Promise<Result>;
  /** For the record; `null`: nothing was changed. */
  readonly detail: (result: Result) => string | null;
}

/** Each change is one transaction with its record, announced when it is committed. */
export class DefaultClientAdministration implements ClientAdministration {
  constructor(private readonly deps: ClientAdministrationDeps) {}

  async clients(context: CallContext): Promise<readonly ClientOverview[]> {
    const records = await this.deps.clientRegistry.clients(context);
    return records.map((record) => this.overview(record));
  }

  async client(context: CallContext, clientId: string): Promise<ClientReview> {
    const record = await this.deps.clientRegistry.client(context, clientId);
    return { ...this.overview(record), document: documentOf(record) };
  }

  async put(context: CallContext, { document, validateOnly }: ClientPutOrder): Promise<ClientChange> {
    const { registrationAccess, issuerRegistry } = this.deps;
    const [applications, issuers] = [await registrationAccess.applications(context), await issuerRegistry.issuers(context)];
    const client = readClient(document, { ...this.deps, applications, issuers: issuers.map(({ name }) => name) });
    refuseAdministration(context, client);
    const outcome = await this.carryOut(context, {
      clientId: client.clientId,
      validateOnly,
      work: () => registrationAccess.registerClient(context, clientRegistration(client)),
      detail: (done) => (done === 'unchanged' ? null : `client ${client.clientId} ${done}; ${digestOf(client)}`),
    });
    return { clientId: client.clientId, outcome, warnings: clientWarnings(client, null, 0) };
  }

  async switchClient(
    context: CallContext,
    { clientId, status, validateOnly }: { clientId: string; status: 'active' | 'disabled'; validateOnly: boolean },
  ): Promise<ClientChange> {
    const outcome = await this.carryOut(context, {
      clientId,
      validateOnly,
      work: () => this.deps.clientRegistry.switchClient(context, clientId, status),
      detail: (done) => (done === 'unchanged' ? null : `client ${clientId} ${status}`),
    });
    return { clientId, outcome, warnings: [] };
  }

  async addSecret(context: CallContext, { clientId, days, validateOnly }: SecretOrder): Promise<AddedSecret> {
    const { clientRegistry, clock } = this.deps;
    if (!Number.isInteger(days) || days < 1 || days > LONGEST_DAYS)
      throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'days', expected: `1 to ${String(LONGEST_DAYS)}` });
    const secret = `cs_${randomBytes(32).toString('base64url')}`;
    const sha256 = createHash('sha256').update(secret).digest('hex');
    const added = await this.carryOut(context, {
      clientId,
      validateOnly,
      work: async () => {
        const { client } = await clientRegistry.client(context, clientId);
        if (!takesSecrets(client))
          throw new CodedError('CLIENT_INVALID', { actual: 'no method of its authentication takes a secret' });
        return clientRegistry.addSecret(context, clientId, { sha256, endsAt: clock.now() + days * DAY_MS });
      },
      detail: ({ id, endsAt }) => `client ${clientId}: secret ${id} added, until ${timeOf(endsAt)}`,
    });
    return { ...added, clientId, secret: validateOnly ? null : secret };
  }

  async removeSecret(
    context: CallContext,
    { clientId, secretId, validateOnly }: { clientId: string; secretId: string; validateOnly: boolean },
  ): Promise<void> {
    await this.carryOut(context, {
      clientId,
      validateOnly,
      work: () => this.deps.clientRegistry.removeSecret(context, clientId, secretId),
      detail: () => `client ${clientId}: secret ${secretId} removed`,
    });
  }

  private overview({ client, status, secrets }: ClientRecord): ClientOverview {
    const { clientId, kind = 'confidential' } = client;
    const warnings = clientWarnings(client, secrets, this.deps.clock.now());
    return { clientId, kind, status, methods: methodsOf(client), secrets, warnings };
  }

  /** All in one transaction with its record, or, where it is only tried out, nothing at all. */
  private async carryOut<Result>(
    context: CallContext,
    { clientId, validateOnly, work, detail }: Change<Result>,
  ): Promise<Result> {
    try {
      const result = await this.deps.unitOfWork.run(async () => {
        if (context.operator !== undefined) {
          const stored = await this.deps.clientRegistry.holdClient(context, clientId);
          if (stored !== undefined) refuseAdministration(context, stored.client);
        }
        const done = await work();
        if (validateOnly) throw new TriedOut(done);
        const said = detail(done);
        if (said !== null)
          await this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'client', detail: said });
        return done;
      });
      await this.deps.factAccess.announceChanges(context);
      return result;
    } catch (error) {
      if (error instanceof TriedOut) return error.result as Result;
      throw error;
    }
  }
}

/**
 * SECURITY: who may write clients could make one whose tokens administer this service, on anybody's behalf, or come in as the one that
 * is there, or shut it out. That is for whoever has the database, which is the command line: so it counts what a client is to be,
 * and what it is. @throws CodedError `OPERATOR_NOT_PERMITTED`
 */
function refuseAdministration({ operator }: CallContext, { targets }: Pick<ClientDocument | RegisteredClient, 'targets'>): void {
  if (operator === undefined || !targets.some(({ audience }) => audience === ADMINISTRATION_APPLICATION.audience)) return;
  throw new CodedError('OPERATOR_NOT_PERMITTED', {
    internal: `clients with the target ${ADMINISTRATION_APPLICATION.audience} are changed from the command line alone`,
  });
}

/** Which description it was, as it was understood. */
function digestOf(client: ClientDocument): string {
  return `sha256 ${createHash('sha256').update(JSON.stringify(client)).digest('hex')}`;
}

function timeOf(at: number | null): string {
  return at === null ? 'further notice' : new Date(at).toISOString();
}
