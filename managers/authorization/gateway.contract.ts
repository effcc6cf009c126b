/**
 * Hides the sequence of letting a request through a gateway: which permission it needs, whether its sender has that now, and what
 * those behind the gateway learn of it. Called by Clients.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CallingClient } from './contract.js';

/** A request as a gateway received it. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly target: string;
  /** The value of each `authorization` header; two are refused. */
  readonly authorization: readonly string[];
  /**
   * What the configuration of the gateway says of the request.
   *
   * SECURITY: never anything that the sender of the request could have written.
   */
  readonly configured: GatewayConfiguration;
}

export interface GatewayConfiguration {
  /** The application behind it; `undefined`: the only one that the client may ask about. */
  readonly audience: string | undefined;
  /** Slug, where a subject is known in several tenants. */
  readonly tenant: string | undefined;
  /** In the place of the routes of the policy; for clients whose registration allows it. */
  readonly permission: string | undefined;
}

/** On whom and what was decided. */
export interface GatewayDecision {
  /** `sub` as in our tokens. */
  readonly subject: string;
  /** Slug. */
  readonly tenant: string;
  /** `set@sequence`. */
  readonly policyVersion: string;
  /** `null`: no route fits. */
  readonly permission: string | null;
  readonly decisionId: string;
}

/** How to come back with a better token (RFC 6750 §3, RFC 9470 §3). */
export interface GatewayChallenge {
  /** `null`: there was no token. */
  readonly error: 'invalid_token' | 'insufficient_user_authentication' | null;
  /** Any of these `acr` values; empty: any. */
  readonly acr: readonly string[];
  /** `null`: of any age. */
  readonly maxAgeSeconds: number | null;
}

/** A token of ours for the application behind the gateway. */
export interface GatewayToken {
  readonly value: string;
  /** Of those that it names. */
  readonly permissionCount: number;
}

export type GatewayVerdict =
  | {
      readonly outcome: 'allowed';
      readonly decision: GatewayDecision;
      /** The token that takes the place of the one that came; `null`: that one stays, or is taken away. */
      readonly token: GatewayToken | null;
      /** Lower-case names of request headers that are to be taken away. */
      readonly removes: readonly string[];
    }
  | {
      readonly outcome: 'denied';
      /** A decision code of Check, a code of the catalogue, `route_unknown` or `path_refused`. */
      readonly code: string;
      /** `null`: it did not come to one. */
      readonly decision: GatewayDecision | null;
    }
  | {
      readonly outcome: 'unauthenticated';
      /** A code of the catalogue, `token_missing`, `authorization_ambiguous` or `step_up_required`. */
      readonly code: string;
      readonly challenge: GatewayChallenge;
      readonly decision: GatewayDecision | null;
    };

export interface GatewayAdmission {
  /**
   * Decides live whether the request may go on, as `AuthorizationManager.check` does for the bearer of its token. What no route fits,
   * and what cannot be read in one way alone, is denied. A verdict is an answer; what the gateway itself is not allowed, or what is
   * wrong on our side, is an error, and lets nothing through.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `CHECK_NOT_ALLOWED`, `TARGET_MISSING`, `TARGET_UNKNOWN`, `TARGET_NOT_ALLOWED`, and faults
   *   of the service
   */
  admit(context: CallContext, client: CallingClient, request: GatewayRequest): Promise<GatewayVerdict>;
}

export const GATEWAY_ADMISSION: unique symbol = Symbol('GatewayAdmission');
