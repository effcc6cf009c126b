import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { CheckSequence } from './check.sequence.js';
import { ClientAuthentication } from './client-authentication.js';
import type {
  AuthenticatedClient,
  CallingClient,
  AuthorizationManager,
  CheckAnswer,
  CheckRequest,
  ClientCredentials,
  EffectiveAnswer,
  ExchangeRequest,
  ExchangeResult,
  Operator,
  OperatorToken,
  PresentedKeys,
} from './contract.js';
import { ExchangeSequence } from './exchange.sequence.js';
import { OperatorAdmission } from './operator-admission.js';
import { RateLimits } from './rate-limits.js';
import { RefusedRequests } from './refused-requests.js';
import { ShownKeys } from './shown-keys.js';

/** Each use case is a file of its own beside this one. */
export class DefaultAuthorizationManager implements AuthorizationManager {
  private readonly exchanges: ExchangeSequence;
  private readonly checks: CheckSequence;
  private readonly operators: OperatorAdmission;
  private readonly clients: ClientAuthentication;
  private readonly rates: RateLimits;
  private readonly refused: RefusedRequests;

  constructor(private readonly deps: AuthorizationParts) {
    this.rates = new RateLimits(deps);
    this.refused = new RefusedRequests(deps);
    this.exchanges = new ExchangeSequence(deps);
    this.checks = new CheckSequence(deps);
    this.operators = new OperatorAdmission(deps);
    this.clients = new ClientAuthentication({ ...deps, rates: this.rates, shownKeys: new ShownKeys(deps) });
  }

  async authenticate(context: CallContext, credentials: ClientCredentials, presented?: PresentedKeys): Promise<CallingClient> {
    const client = await this.clients.authenticate(context, credentials, presented);
    if (client.proven) this.rates.client(client.registration.clientId);
    return client;
  }

  async allowsOrigin(context: CallContext, origin: string): Promise<boolean> {
    return (await this.deps.registrationAccess.publicOrigins(context)).has(origin);
  }

  authorizeOperator(context: CallContext, token: OperatorToken | undefined, permission: string): Promise<Operator> {
    return this.operators.admit(context, token, permission);
  }

  exchange(context: CallContext, client: CallingClient, request: ExchangeRequest): Promise<ExchangeResult> {
    return this.exchanges.run(context, client, request);
  }

  async check(context: CallContext, client: CallingClient, request: CheckRequest): Promise<CheckAnswer> {
    const proven = provenOf(client);
    try {
      return await this.checks.check(context, proven.registration, request);
    } catch (error) {
      throw await this.refused.recorded(context, { ...request, client: proven, what: 'check' }, error);
    }
  }

  async effectivePermissions(
    context: CallContext,
    client: CallingClient,
    request: Omit<CheckRequest, 'items' | 'explain'>,
  ): Promise<EffectiveAnswer> {
    const proven = provenOf(client);
    try {
      return await this.checks.effectivePermissions(context, proven.registration, request);
    } catch (error) {
      throw await this.refused.recorded(context, { ...request, client: proven, what: 'effective permissions' }, error);
    }
  }
}

function provenOf(client: CallingClient): AuthenticatedClient {
  if (client.proven) return client;
  throw new CodedError('CLIENT_UNAUTHENTICATED');
}
