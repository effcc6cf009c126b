import { timingSafeEqual } from 'node:crypto';
import type { DirectoryState } from './directory-state.js';
import type { EntraFault } from './entra-error.js';
import { isSignedBy, readToken, type TokenParts } from './signed-token.js';

export interface ProofExpectation {
  readonly state: DirectoryState;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  /** Unix seconds. */
  readonly now: number;
  /** Public keys of the issuer that federated credentials come from. */
  readonly federatedKeys: readonly Parameters<typeof isSignedBy>[1][];
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const FEDERATED_AUDIENCE = 'api://AzureADTokenExchange';

/** What is wrong with the way a client proves itself; `null`: nothing. */
export function proofFault(form: URLSearchParams, expected: ProofExpectation): EntraFault | null {
  if (form.get('client_id') !== expected.clientId) {
    return { error: 'unauthorized_client', code: 700016, text: 'Application was not found in the directory.' };
  }
  const secret = form.get('client_secret');
  if (secret !== null) return secretFault(secret, expected.state);
  const assertion = form.get('client_assertion');
  if (assertion === null || form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return invalid(7000218, "The request body must contain 'client_assertion' or 'client_secret'.");
  }
  return assertionFault(assertion, expected);
}

function secretFault(secret: string, state: DirectoryState): EntraFault | null {
  if (state.registration.secretExpired) return invalid(7000222, 'The provided client secret keys are expired.');
  const given = Buffer.from(secret);
  const right = Buffer.from(state.secret);
  if (given.length === right.length && timingSafeEqual(given, right)) return null;
  return invalid(7000215, 'Invalid client secret provided.');
}

function assertionFault(assertion: string, expected: ProofExpectation): EntraFault | null {
  const token = readToken(assertion);
  if (token === null) return invalid(50027, 'The client assertion is no JWT.');
  const { exp, nbf } = token.claims;
  if (typeof exp !== 'number' || exp <= expected.now || (typeof nbf === 'number' && nbf > expected.now + 300)) {
    return invalid(700024, 'Client assertion is not within its valid time range.');
  }
  return token.claims['iss'] === expected.clientId
    ? certificateFault(assertion, token, expected)
    : federatedFault(assertion, token, expected);
}

/** Certificate credentials: PS256, named by `x5t#S256`, for this very token endpoint. */
function certificateFault(assertion: string, { header, claims }: TokenParts, expected: ProofExpectation): EntraFault | null {
  const certificate = expected.state.certificates.find(
    ({ fingerprint256 }) => Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url') === header['x5t#S256'],
  );
  if (certificate === undefined || header['alg'] !== 'PS256' || !isSignedBy(assertion, certificate.publicKey)) {
    return invalid(700027, 'The certificate with identifier used to sign the client assertion is not registered on application.');
  }
  if (claims['aud'] !== expected.tokenEndpoint || claims['sub'] !== expected.clientId || typeof claims['jti'] !== 'string') {
    return invalid(700023, 'Client assertion audience claim does not match Realm issuer.');
  }
  return null;
}

function federatedFault(assertion: string, { claims }: TokenParts, expected: ProofExpectation): EntraFault | null {
  const trust = expected.state.federatedTrust;
  if (trust?.issuer !== claims['iss'] || trust?.subject !== claims['sub'] || claims['aud'] !== FEDERATED_AUDIENCE) {
    return invalid(70021, 'No matching federated identity record found for presented assertion.');
  }
  if (expected.federatedKeys.some((key) => isSignedBy(assertion, key))) return null;
  return invalid(7000274, 'The client assertion contains an invalid signature.');
}

function invalid(code: number, text: string): EntraFault {
  return { error: 'invalid_client', code, text };
}
