import { createHash } from 'node:crypto';
import { type ProofExpectation, proofFault } from './client-proof.js';
import type { DirectoryState } from './directory-state.js';
import { type EntraFault, entraError } from './entra-error.js';
import { GraphEndpoint } from './graph-endpoint.js';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';
import { DEV_API_CLIENT_ID } from './personas.js';
import type { SigningKeys } from './signing-keys.js';
import { isSignedBy, readToken } from './signed-token.js';

export const OBO_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface DirectoryEndpointsDeps {
  readonly state: DirectoryState;
  readonly keys: SigningKeys;
  /** Milliseconds. */
  readonly now: () => number;
  /** Where login host and Graph are reached; one host here. */
  readonly base: () => string;
}

const LIFETIME_SECONDS = 3_600;
/** The real service calls the same request over and over a loop. */
const LOOP_AFTER = 10;
const STEP_UP_CLAIMS = JSON.stringify({
  access_token: { polids: { essential: true, values: ['9ab03e19-ed42-4168-b6b7-7001fb3e933a'] } },
});

/**
 * Tokens for Graph, for the app registration whose id is that of the API: for itself, and on behalf of users. Errors follow
 * from the state, in the shape of the real token endpoint.
 */
export class DirectoryEndpoints {
  private readonly graph: GraphEndpoint;
  private readonly timesAsked = new Map<string, number>();

  constructor(private readonly deps: DirectoryEndpointsDeps) {
    this.graph = new GraphEndpoint({ ...deps, isOurs: (token) => this.isOurs(token) });
  }

  /** `null`: not a path of Graph. */
  graphAnswer(request: Parameters<GraphEndpoint['answer']>[0]): Promise<IssuerAnswer> | null {
    return this.graph.isPath(request.path) ? this.graph.answer(request) : null;
  }

  /** `null`: not a request for a token for Graph. */
  tokenAnswer(directoryId: string, form: URLSearchParams): IssuerAnswer | null {
    const scope = (form.get('scope') ?? '').split(' ');
    if (!scope.includes(`${this.deps.base()}/.default`)) return null;
    const { registration } = this.deps.state;
    if (registration.trouble === 'throttled')
      return this.troubled({ error: 'temporarily_unavailable', code: 90055, text: 'Throttled.' }, 429);
    if (registration.trouble === 'transient')
      return this.troubled({ error: 'temporarily_unavailable', code: 90033, text: 'A transient error has occurred.' }, 503);
    const fault = proofFault(form, this.proofExpectation(directoryId));
    if (fault !== null) return this.refuse(fault);
    if (form.get('grant_type') === OBO_GRANT) return this.onBehalfOf(directoryId, form);
    if (form.get('grant_type') !== 'client_credentials')
      return this.refuse({ error: 'unsupported_grant_type', code: 70003, text: 'The app requested an unsupported grant type.' });
    return this.answerWith(
      this.graphToken(directoryId, { roles: registration.consented ? ['GroupMember.Read.All'] : [], idtyp: 'app' }),
    );
  }

  /** As the platform gives it to a workload with a managed identity. */
  managedIdentityToken(directoryId: string): { readonly token: string; readonly expiresIn: number } {
    return {
      token: this.graphToken(directoryId, { roles: ['GroupMember.Read.All'], idtyp: 'app' }),
      expiresIn: LIFETIME_SECONDS,
    };
  }

  private onBehalfOf(directoryId: string, form: URLSearchParams): IssuerAnswer {
    const assertion = form.get('assertion') ?? '';
    const fault = form.get('requested_token_use') === 'on_behalf_of' ? this.assertionFault(assertion) : BAD_USE;
    if (fault !== null) return this.refuse(fault);
    if (this.timesSeen(assertion) > LOOP_AFTER) return this.refuse(LOOP);
    const { registration } = this.deps.state;
    if (registration.stepUp) return this.refuse(STEP_UP, { suberror: 'basic_action', claims: STEP_UP_CLAIMS });
    if (!registration.consented) return this.refuse(NO_CONSENT, { suberror: 'consent_required' });
    const { oid } = readToken(assertion)?.claims ?? {};
    return this.answerWith(this.graphToken(directoryId, { oid, scp: 'GroupMember.Read.All User.Read' }));
  }

  private assertionFault(assertion: string): EntraFault | null {
    const claims = readToken(assertion)?.claims;
    if (claims === undefined || !this.isOurs(assertion) || claims['idtyp'] === 'app') return BAD_ASSERTION;
    if (claims['aud'] !== DEV_API_CLIENT_ID && claims['aud'] !== `api://${DEV_API_CLIENT_ID}`) return FOREIGN_ASSERTION;
    return typeof claims['exp'] === 'number' && claims['exp'] > this.seconds() ? null : OLD_ASSERTION;
  }

  private timesSeen(assertion: string): number {
    const key = createHash('sha256').update(assertion).digest('hex');
    const times = (this.timesAsked.get(key) ?? 0) + 1;
    this.timesAsked.set(key, times);
    return times;
  }

  private isOurs(token: string): boolean {
    const kid = readToken(token)?.header['kid'];
    const key = this.deps.keys.publicJwks().find((jwk) => jwk.kid === kid);
    return key !== undefined && isSignedBy(token, key);
  }

  private graphToken(directoryId: string, claims: Readonly<Record<string, unknown>>): string {
    const now = this.seconds();
    const { base, keys, state } = this.deps;
    return keys.sign(
      { typ: 'JWT', alg: 'RS256', kid: keys.signingKid },
      {
        aud: base(),
        iss: `${base()}/sts/${directoryId}/`,
        tid: directoryId,
        iat: now,
        nbf: now,
        exp: now + LIFETIME_SECONDS,
        generation: state.tokenGeneration,
        appid: DEV_API_CLIENT_ID,
        ...claims,
      },
    );
  }

  private proofExpectation(directoryId: string): ProofExpectation {
    const { state, base, keys } = this.deps;
    return {
      state,
      clientId: DEV_API_CLIENT_ID,
      tokenEndpoint: `${base()}/${directoryId}/oauth2/v2.0/token`,
      now: this.seconds(),
      federatedKeys: keys.publicJwks(),
    };
  }

  private answerWith(token: string): IssuerAnswer {
    return jsonAnswer({
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: token,
    });
  }

  private refuse(fault: EntraFault, more: Readonly<Record<string, string>> = {}): IssuerAnswer {
    const answer = entraError(fault, this.deps.now());
    const body: unknown = JSON.parse(answer.body);
    return { ...answer, body: JSON.stringify({ ...Object(body), ...more }) };
  }

  private troubled(fault: EntraFault, status: number): IssuerAnswer {
    const { retryAfter } = this.deps.state.registration;
    return { ...entraError(fault, this.deps.now()), status, ...(retryAfter === null ? {} : { retryAfter }) };
  }

  private seconds(): number {
    return Math.floor(this.deps.now() / 1000);
  }
}

const BAD_USE = { error: 'invalid_request', code: 900144, text: "The request body must contain 'requested_token_use'." };
const BAD_ASSERTION = { error: 'invalid_grant', code: 50013, text: 'Assertion failed signature validation.' };
const FOREIGN_ASSERTION = { error: 'invalid_grant', code: 500131, text: 'Assertion audience does not match the Client app.' };
const OLD_ASSERTION = { error: 'invalid_grant', code: 500133, text: 'Assertion is not within its valid time range.' };
const LOOP = { error: 'invalid_grant', code: 50196, text: 'A client request loop was found.' };
const STEP_UP = {
  error: 'interaction_required',
  code: 50076,
  text: 'You must use multi-factor authentication to access the API.',
};
const NO_CONSENT = {
  error: 'invalid_grant',
  code: 65001,
  text: 'The user or administrator has not consented to use the application.',
};
