import type { Application, RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AccessQuestion } from './access-search.contract.js';
import type { AuthorizationParts } from './authorization.parts.js';

/** What a question that speaks of actions and resources means here. */
export interface AccessName {
  readonly application: Application;
  /** Without the prefix of the application. */
  readonly type: string;
}

/**
 * Finds the application that is meant: the one that is named, or the one of the client's whose prefix stands before the type or the
 * action, or its only one. A client learns nothing of others.
 */
export class AccessNaming {
  constructor(private readonly deps: Pick<AuthorizationParts, 'registrationAccess'>) {}

  /** @param action `null`: none is asked about @throws CodedError `CHECK_NOT_ALLOWED`, `TARGET_UNKNOWN`, `TARGET_MISSING` */
  async find(
    context: CallContext,
    { checks = NONE }: RegisteredClient,
    asked: Pick<AccessQuestion, 'audience' | 'resource'> & { readonly action: string | null },
  ): Promise<AccessName> {
    const { audience, resource, action } = asked;
    if (checks.length === 0 || (audience !== undefined && !checks.includes(audience))) {
      throw new CodedError('CHECK_NOT_ALLOWED', { field: 'context.audience' });
    }
    const applications = await this.applications(context, audience === undefined ? checks : [audience]);
    const application = meant(applications, resource.type, action);
    return { application, type: withoutPrefix(resource.type, application) };
  }

  private async applications(context: CallContext, audiences: readonly string[]): Promise<readonly Application[]> {
    const found: Application[] = [];
    for (const audience of audiences) {
      const application = await this.deps.registrationAccess.applicationFor(context, audience);
      if (application !== undefined) found.push(application);
    }
    return found;
  }
}

const NONE: readonly string[] = [];

function meant(applications: readonly Application[], type: string, action: string | null): Application {
  const [only, second] = applications;
  if (only === undefined) throw new CodedError('TARGET_UNKNOWN', { field: 'context.audience' });
  if (second === undefined) return only;
  const found = owning(applications, type) ?? owning(applications, action ?? '');
  if (found === undefined) {
    throw new CodedError('TARGET_MISSING', {
      field: 'context.audience',
      expected: 'an audience, or the prefix of an application',
    });
  }
  return found;
}

function owning(applications: readonly Application[], name: string): Application | undefined {
  return applications.find(({ prefix }) => name.startsWith(`${prefix}:`));
}

function withoutPrefix(name: string, { prefix }: Application): string {
  return name.startsWith(`${prefix}:`) ? name.slice(prefix.length + 1) : name;
}

/** `approve` on `invoice` is `billing:invoice:approve`; a name that begins with the application is a permission already. */
export function permissionNamed(action: string, { application, type }: AccessName): string {
  const { prefix } = application;
  return action.startsWith(`${prefix}:`) ? action : `${prefix}:${type}:${action}`;
}

/** As what a permission is asked about on its type, so that `permissionNamed` gives it back; `null`: it belongs to another type. */
export function actionNaming(permission: string, { application, type }: AccessName): string | null {
  const before = `${application.prefix}:${type}:`;
  if (!permission.startsWith(before)) return null;
  const action = permission.slice(before.length);
  return action.startsWith(`${application.prefix}:`) ? permission : action;
}
