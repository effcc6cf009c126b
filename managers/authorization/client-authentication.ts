import type { AuditAccess } from '#accessors/audit/contract.js';
import type { GrantsAccess, UsedId } from '#accessors/grants/contract.js';
import type { ClientAuthenticationMethod, RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import type { CallerProofs, ProofRefusal } from '#engines/token-validation/caller-proofs.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { CallingClient, ClientCredentials, PresentedKeys } from './contract.js';
import { refusalOf, startTrail } from './exchange-trail.js';
import type { RateLimits } from './rate-limits.js';
import type { Showing, ShownKeys } from './shown-keys.js';

export interface ClientAuthenticationParts {
  readonly registrationAccess: Pick<RegistrationAccess, 'authenticateClient' | 'clientNamed'>;
  readonly grantsAccess: GrantsAccess;
  readonly callerProofs: CallerProofs;
  readonly counters: Counters;
  readonly shownKeys: ShownKeys;
  readonly auditAccess: AuditAccess;
  readonly rates: Pick<RateLimits, 'client'>;
}

type Credentials<Method extends ClientCredentials['method']> = Extract<ClientCredentials, { method: Method }>;

/** Whom the credentials prove, and how. `usedHere`: single use was told by this process alone. */
interface Proven {
  readonly registration: RegisteredClient;
  readonly method: ClientAuthenticationMethod;
  readonly usedHere: boolean;
}

interface Named {
  readonly clientId: string | undefined;
}

/** What a client may use that says nothing of it. */
const BY_SECRET: readonly ClientAuthenticationMethod[] = ['client_secret_basic', 'client_secret_post'];

/** Finds out who calls. What fails is counted, and leaves nothing behind but the record of a client that is proven. */
export class ClientAuthentication {
  constructor(private readonly deps: ClientAuthenticationParts) {}

  async authenticate(context: CallContext, credentials: ClientCredentials, presented?: PresentedKeys): Promise<CallingClient> {
    try {
      return await this.settled(context, credentials, presented);
    } catch (error) {
      this.deps.counters.increment('refusals.unauthenticated', credentials.method);
      throw error;
    }
  }

  private async settled(context: CallContext, credentials: ClientCredentials, presented?: PresentedKeys): Promise<CallingClient> {
    const { shownKeys } = this.deps;
    const showing = shownKeys.judge(context, presented, { hasCredentials: hasCredentials(credentials), accessToken: null });
    const caller = await this.callerOf(context, credentials, presented);
    return 'method' in caller ? this.proven(context, caller, showing) : unproven(caller, showing);
  }

  private async proven(context: CallContext, caller: Proven, { shown, once }: Showing): Promise<CallingClient> {
    const { registration, method } = caller;
    const outcome = once === undefined ? 'first' : await this.used(context, registration, once);
    const isHereAlone = caller.usedHere || outcome === 'first-here';
    return { proven: true, registration, method, shown, ...(isHereAlone ? { singleUse: 'first-here' } : {}) };
  }

  /** SECURITY: who is refused is proven and so has a record, within its allowance: a proof sent again and again fills no disk. */
  private async used(context: CallContext, { clientId }: RegisteredClient, once: UsedId): Promise<'first' | 'first-here'> {
    try {
      return await this.deps.shownKeys.use(context, once);
    } catch (error) {
      if (!isCodedError(error) || isServiceFault(error.code)) throw error;
      this.deps.rates.client(clientId);
      await this.deps.auditAccess.record(context, refusalOf(startTrail(clientId), error));
      throw error;
    }
  }

  private callerOf(
    context: CallContext,
    credentials: ClientCredentials,
    presented: PresentedKeys | undefined,
  ): Promise<Proven | Named> | Named {
    switch (credentials.method) {
      case 'client_secret_basic':
      case 'client_secret_post':
        return this.bySecret(context, credentials);
      case 'client_assertion':
        return this.byAssertion(context, credentials);
      case 'client_id':
        return this.byCertificate(context, credentials.clientId, presented?.certificate ?? null);
      case 'unreadable':
        throw refusal('credentials that nobody can read');
      case 'none':
        return { clientId: undefined };
    }
  }

  private async bySecret(
    context: CallContext,
    { method, clientId, clientSecret }: Credentials<'client_secret_basic' | 'client_secret_post'>,
  ): Promise<Proven> {
    const registration = await this.deps.registrationAccess.authenticateClient(context, clientId, clientSecret);
    if (registration === undefined) throw refusal('no active client with this id and secret');
    refuseUnlisted(registration, method);
    return { registration, method, usedHere: false };
  }

  /** A client signs about itself and so says who it is; a token of an issuer knows nothing of it, and comes with the id. */
  private async byAssertion(context: CallContext, { clientId, assertion }: Credentials<'client_assertion'>): Promise<Proven> {
    const claimed = this.deps.callerProofs.claimedClient(assertion);
    if (claimed !== undefined && clientId !== undefined && claimed !== clientId)
      throw new CodedError('CLIENT_AUTHENTICATION_AMBIGUOUS', { field: 'client_id' });
    const named = clientId ?? claimed;
    if (named === undefined) throw assertionRefusal('neither the client itself nor client_id says whom it is for');
    const registration = await this.deps.registrationAccess.clientNamed(context, named);
    if (registration === undefined) throw assertionRefusal('no active client with this id');
    return claimed === undefined
      ? this.federated(context, registration, assertion)
      : this.signed(context, registration, assertion);
  }

  private async signed(context: CallContext, registration: RegisteredClient, assertion: string): Promise<Proven> {
    const method = 'private_key_jwt';
    refuseUnlisted(registration, method, 'CLIENT_ASSERTION_INVALID');
    const verdict = this.deps.callerProofs.judgeAssertion(context, registration, assertion);
    if (!verdict.accepted) throw assertionRefusal(said(verdict));
    // SECURITY: after the signature, so that nobody else can use up the ids of a client or fill what remembers them.
    const used = { use: 'client_assertion', owner: registration.clientId, ...verdict.once } as const;
    const outcome = await this.deps.grantsAccess.useOnce(context, used);
    // SECURITY: no record: what was used before proves nobody, and whoever read it somewhere could fill the disk in its client's name.
    if (outcome === 'repeated') throw new CodedError('CLIENT_ASSERTION_REPEATED', { field: 'client_assertion' });
    return { registration, method, usedHere: outcome === 'first-here' };
  }

  private async federated(context: CallContext, registration: RegisteredClient, assertion: string): Promise<Proven> {
    const method = 'federated';
    refuseUnlisted(registration, method, 'CLIENT_ASSERTION_INVALID');
    const verdict = await this.deps.callerProofs.judgeFederated(context, registration, assertion);
    if (!verdict.accepted) throw assertionRefusal(said(verdict));
    return { registration, method, usedHere: false };
  }

  /** A client id alone proves nothing: the certificate does, or nobody has to because the client is public. */
  private async byCertificate(
    context: CallContext,
    clientId: string,
    certificate: PresentedKeys['certificate'],
  ): Promise<Proven | Named> {
    const registration = await this.deps.registrationAccess.clientNamed(context, clientId);
    if (registration?.kind === 'public') return { clientId };
    if (registration === undefined) throw refusal('no active client with this id');
    if (certificate === null) throw refusal('a client id alone, and the client is not public');
    const verdict = this.deps.callerProofs.judgeCertificate(context, registration, certificate);
    if (!verdict.accepted) throw refusal(said(verdict));
    refuseUnlisted(registration, verdict.method);
    return { registration, method: verdict.method, usedHere: false };
  }
}

/** SECURITY: a proof that is right by a method that is not listed proves nothing, or listing the strong ones alone would be worth nothing. */
function refuseUnlisted(
  { kind, authentication }: RegisteredClient,
  method: ClientAuthenticationMethod,
  code: ErrorCode = 'CLIENT_UNAUTHENTICATED',
): void {
  if (kind !== 'public' && (authentication?.methods ?? BY_SECRET).includes(method)) return;
  throw refusal(`the client may not authenticate by ${method}`, code);
}

/** SECURITY: a client id alone may be a public client's, also where some certificate comes with it, which anybody can make. */
function hasCredentials({ method }: ClientCredentials): boolean {
  return method !== 'none' && method !== 'client_id';
}

function unproven({ clientId }: Named, { shown, once }: Showing): CallingClient {
  return { proven: false, clientId, shown, ...(once === undefined ? {} : { usedOnce: once }) };
}

/** For the log alone: to the caller every refusal is the same. */
function said({ actual, expected }: ProofRefusal): string {
  return `found ${actual}; expected ${expected}`;
}

function assertionRefusal(internal: string): CodedError {
  return refusal(internal, 'CLIENT_ASSERTION_INVALID');
}

function refusal(internal: string, code: ErrorCode = 'CLIENT_UNAUTHENTICATED'): CodedError {
  return new CodedError(code, { ...(code === 'CLIENT_ASSERTION_INVALID' ? { field: 'client_assertion' } : {}), internal });
}
