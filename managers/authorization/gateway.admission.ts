import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { GatewayRoutes, RequestedPath } from '#engines/permission/gateway-routes.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { CheckSequence, type ItemUnder, type RuledCheck } from './check.sequence.js';
import type { AuthenticatedClient, CallingClient } from './contract.js';
import type { GatewayAdmission, GatewayRequest, GatewayVerdict } from './gateway.contract.js';
import { decided, noRoute, refusedPath, unauthenticated, verdictOn } from './gateway-verdicts.js';
import { ExchangeSequence } from './exchange.sequence.js';
import { policyVersionOf } from './policy-version.js';
import { SwappedTokens } from './swapped-tokens.js';
import { RefusedRequests } from './refused-requests.js';

export interface GatewayParts extends AuthorizationParts {
  readonly gatewayRoutes: GatewayRoutes;
}

/** RFC 6750 §2.1, with the characters that a compact JWS has. */
const BEARER = /^Bearer ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+)$/i;
const NOTHING_KNOWN = Object.freeze({});
const NOTHING_REMOVED: readonly string[] = Object.freeze([]);

/** Lets requests through gateways: decides by the same sequence as a check does, and grants nothing by another. */
export class DefaultGatewayAdmission implements GatewayAdmission {
  private readonly checks: CheckSequence;
  private readonly tokens: SwappedTokens;
  private readonly refused: RefusedRequests;

  constructor(private readonly deps: GatewayParts) {
    this.refused = new RefusedRequests(deps);
    this.checks = new CheckSequence(deps);
    this.tokens = new SwappedTokens(deps, new ExchangeSequence(deps));
  }

  async admit(context: CallContext, client: CallingClient, request: GatewayRequest): Promise<GatewayVerdict> {
    const proven = provenOf(client);
    const verdict = await this.verdict(context, proven, request).catch(async (error: unknown) => {
      const { audience } = request.configured;
      throw await this.refused.recorded(context, { client: proven, what: 'gateway', audience }, error);
    });
    this.deps.counters.increment('gateway.requests', verdict.outcome);
    return verdict;
  }

  private async verdict(context: CallContext, client: AuthenticatedClient, request: GatewayRequest): Promise<GatewayVerdict> {
    const { configured } = request;
    if (configured.permission !== undefined && client.registration.gateway?.namesPermissions !== true)
      throw new CodedError('CHECK_NOT_ALLOWED', { field: 'permission' });
    const reading = this.deps.gatewayRoutes.read(request.method, request.target);
    if (!reading.ok) return refusedPath();
    const [authorization, second] = request.authorization;
    if (authorization === undefined) return unauthenticated('token_missing', null);
    // SECURITY: this service and the application behind could go by different ones.
    if (second !== undefined) return unauthenticated('authorization_ambiguous', 'invalid_token');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return unauthenticated('CHECK_TOKEN_INVALID', 'invalid_token');
    try {
      return await this.admitted(context, client, { ...configured, token, path: reading.path });
    } catch (error) {
      return verdictOn(error);
    }
  }

  private async admitted(
    context: CallContext,
    client: AuthenticatedClient,
    { token, path, ...configured }: GatewayRequest['configured'] & { readonly token: string; readonly path: RequestedPath },
  ): Promise<GatewayVerdict> {
    const ruled = await this.checks.checkRuled(context, client.registration, {
      subject: { by: 'token', token },
      audience: configured.audience,
      tenant: configured.tenant,
      unit: null,
      context: NOTHING_KNOWN,
      atLeastAsFresh: undefined,
      itemUnder: this.itemUnder(path, configured.permission),
    });
    if (ruled.decision === null) {
      this.noteUnrouted(context, client.registration, ruled);
      return noRoute(ruled);
    }
    const { mode = 'headers', removes = NOTHING_REMOVED } = client.registration.gateway ?? {};
    const isSwapped = mode === 'token-swap' && ruled.decision.allowed && !ruled.isOurs;
    return decided(ruled, { removes, token: isSwapped ? await this.tokens.swap(context, { client, token, ruled }) : null });
  }

  private itemUnder(path: RequestedPath, permission: string | undefined): ItemUnder {
    if (permission !== undefined) return () => ({ permission, resource: null });
    return (policy, application) => this.deps.gatewayRoutes.questionOf(policy, application, path);
  }

  /** There is no permission to ask about again, and the path may say what is nobody's business: that it was denied is noted, no more. */
  private noteUnrouted(
    context: CallContext,
    { clientId }: RegisteredClient,
    { decisionId, application, reading: { facts, policy } }: RuledCheck,
  ): void {
    this.deps.counters.increment('checks.decided', 'route_unknown');
    this.deps.decisionTrail.note(context, {
      ...{ decisionId, clientId, permission: '', resourceType: null, resourceId: null, unit: null, allowed: false },
      tenantId: facts.tenantId,
      subjectId: null,
      audience: application.audience,
      code: 'route_unknown',
      policyVersion: policyVersionOf(policy),
      epoch: facts.epoch,
    });
  }
}

function provenOf(client: CallingClient): AuthenticatedClient {
  if (client.proven) return client;
  throw new CodedError('CLIENT_UNAUTHENTICATED');
}
