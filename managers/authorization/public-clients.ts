import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { AcceptedReport } from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { UnprovenClient } from './contract.js';
import { refusalOfToken, UpstreamSubjects } from './upstream-subjects.js';

type Parts = Pick<
  AuthorizationParts,
  'tokenValidationEngine' | 'directoryAccess' | 'registrationAccess' | 'grantsAccess' | 'counters'
>;

/** A public client that a verified token names, and what the validation said of that token. */
export interface SettledClient {
  readonly client: RegisteredClient;
  readonly report: AcceptedReport;
  /** Whether this process alone could tell that the proof of its key was not used before. */
  readonly singleUse: 'first-here' | undefined;
}

/** Who calls without credentials: nobody, or the public client that the subject token was issued to. */
export class PublicClients {
  private readonly upstream: UpstreamSubjects;

  constructor(private readonly deps: Parts) {
    this.upstream = new UpstreamSubjects(deps);
  }

  /**
   * SECURITY: nothing is recorded and nothing is marked as used before a genuine token of a trusted issuer has named a registered
   * public client: nobody unauthenticated can fill a store. What is wrong with a token is told to those alone who name such a
   * client, whose id is no secret.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `DPOP_PROOF_INVALID`, or a fault of ours
   */
  async settle(context: CallContext, caller: UnprovenClient, token: string | undefined): Promise<SettledClient> {
    if (token === undefined) throw this.unauthenticated('no subject token');
    const report = await this.upstream.validate(context, {
      token,
      field: 'subject_token',
      presenter: null,
      shown: caller.shown,
    });
    if (report.outcome === 'rejected') {
      const refusal = refusalOfToken(report, 'subject_token');
      if (isServiceFault(refusal.code)) throw refusal;
      throw (await this.namesOne(context, caller)) ? this.counted(refusal) : this.unauthenticated(refusal.code);
    }
    const { issuer, presenterId: id } = report.principal;
    const client = id === null ? undefined : await this.deps.registrationAccess.publicClientOf(context, { issuer, id });
    if (client?.kind !== 'public') throw this.unauthenticated('the token names no registered public client');
    if (caller.clientId !== undefined && caller.clientId !== client.clientId) {
      throw this.unauthenticated('the token names another client than the request');
    }
    return { client, report, singleUse: await this.useOnce(context, caller) };
  }

  private async namesOne(context: CallContext, { clientId }: UnprovenClient): Promise<boolean> {
    if (clientId === undefined) return false;
    return (await this.deps.registrationAccess.clientNamed(context, clientId))?.kind === 'public';
  }

  private async useOnce(context: CallContext, { usedOnce }: UnprovenClient): Promise<SettledClient['singleUse']> {
    if (usedOnce === undefined) return undefined;
    const outcome = await this.deps.grantsAccess.useOnce(context, usedOnce);
    if (outcome === 'repeated') throw this.counted(new CodedError('DPOP_PROOF_INVALID', { internal: 'it was used before' }));
    return outcome === 'first-here' ? outcome : undefined;
  }

  private unauthenticated(internal: string): CodedError {
    return this.counted(new CodedError('CLIENT_UNAUTHENTICATED', { internal }));
  }

  private counted(refusal: CodedError): CodedError {
    this.deps.counters.increment('refusals.unauthenticated', 'public');
    return refusal;
  }
}
