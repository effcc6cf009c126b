/** What the engine is measured with: one Entra issuer in memory with its key at hand, and tokens by it and by strangers. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { ENTRA_DEFAULTS, type EntraIssuer, type IssuerAccess, type VerificationKey } from '#accessors/issuer/contract.js';
import type { PresenterExpectation, TokenValidationEngine } from '#engines/token-validation/contract.js';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import { SystemClock } from '#utilities/clock/system.clock.js';

const directoryId = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const apiClientId = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const presenterId = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
const iss = `https://login.microsoftonline.com/${directoryId}/v2.0`;
const tokenCount = 128;

export interface ValidateWorld {
  readonly engine: TokenValidationEngine;
  readonly presenter: PresenterExpectation;
  readonly publicKey: KeyObject;
  readonly tokens: readonly string[];
  /** Refused before any key is looked for; each token of another text, header included. */
  refused(length: number): readonly RefusedTokens[];
}

export interface RefusedTokens {
  readonly why: string;
  readonly tokens: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export function makeValidateWorld(): ValidateWorld {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key: VerificationKey = {
    kid: 'bench-key-1',
    key: publicKey,
    algorithm: 'RS256',
    keyIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    cloudInstanceName: 'microsoftonline.com',
  };
  const engine = new DefaultTokenValidationEngine({
    issuerAccess: issuersOf(key),
    providers: [createEntraIdIdentityProvider(), createOidcIdentityProvider()],
    clock: new SystemClock(),
    ownIssuer: 'https://auth.bench.example',
  });
  return {
    engine,
    presenter: { ownPresenters: [{ issuer: 'directory', id: presenterId }], listedPresenters: [], apiAudiences: [] },
    publicKey,
    tokens: several((index) => signed({ typ: 'JWT', alg: 'RS256', kid: 'bench-key-1' }, claimsOf(index), privateKey)),
    refused: refusedTokens,
  };
}

function issuersOf(key: VerificationKey): IssuerAccess {
  const issuer: EntraIssuer = {
    ...ENTRA_DEFAULTS,
    name: 'directory',
    provider: 'entra-id',
    cloud: { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' },
    directoryIds: [directoryId],
    audiences: [apiClientId],
    algorithms: ['RS256'],
    skewSeconds: 60,
    maxTokenAgeSeconds: { user: 7200, workload: 86_400 },
    tenantRules: [{ tenantId: 'tenant', slug: 'bench', when: { claim: 'tid', equals: directoryId } }],
  };
  const all = [issuer];
  const found = Promise.resolve(issuer);
  const none = Promise.resolve(undefined);
  const lookup = Promise.resolve({ status: 'found', key } as const);
  const absent = Promise.resolve({ status: 'unknown' } as const);
  return {
    trustedIssuer: (_context, claimed) => (claimed === iss ? found : none),
    verificationKey: (_context, _issuer, _iss, kid) => (kid === key.kid ? lookup : absent),
    issuersInMemory: () => all,
    issuersHoldingKey: () => [],
    registerIssuer: () => Promise.reject(new Error('the bench registers nothing')),
  };
}

/** In the shape and size that Entra ID gives its tokens. */
function claimsOf(index: number, changes: Json = {}): Json {
  const now = Math.floor(Date.now() / 1000);
  return {
    aud: apiClientId,
    iss,
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
    aio: 'A'.repeat(92),
    azp: presenterId,
    azpacr: '1',
    groups: Array.from({ length: 5 }, (_, group) => `c0ffee00-0000-4000-8000-00000000000${group.toString()}`),
    name: 'Ida Ng',
    oid: `9b1d0000-1111-4222-8333-${index.toString().padStart(12, '0')}`,
    preferred_username: 'ida@contoso.example',
    rh: `0.${'R'.repeat(60)}.`,
    roles: ['Orders.Reader', 'Orders.Approver'],
    scp: 'access_as_user Orders.Read',
    sub: `pairwise-subject-of-the-bench-number-${index.toString()}`,
    tid: directoryId,
    uti: `uti-${index.toString()}`,
    ver: '2.0',
    ...changes,
  };
}

/** Every way of being refused that a stranger can choose, with nothing remembered from one token to the next. */
function refusedTokens(length: number): readonly RefusedTokens[] {
  const header = (changes: Json = {}): Json => ({
    typ: 'JWT',
    alg: 'RS256',
    kid: randomBytes(16).toString('hex'),
    ...changes,
  });
  const family = (why: string, make: (index: number) => string): RefusedTokens => ({ why, tokens: several(make) });
  const other = 'https://login.microsoftonline.com/2a0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f/v2.0';
  return [
    family('not three parts', (index) => `${index.toString()}${'.'.repeat(length - 4)}`),
    family('not base64url', (index) => `${'*'.repeat(length - 8)}.a.b${index.toString()}`),
    family('an unknown issuer', (index) => filled(length, header(), claimsOf(index, { iss: 'https://evil.example' }))),
    family('a directory that is not listed', (index) => filled(length, header(), claimsOf(index, { iss: other }))),
    family('a trusted issuer in upper case', (index) => filled(length, header(), claimsOf(index, { iss: iss.toUpperCase() }))),
    family('a token for Microsoft Graph', (index) => filled(length, header({ nonce: 'x' }), claimsOf(index))),
    family('alg none', (index) => filled(length, header({ alg: 'none' }), claimsOf(index))),
    family('a key in the header', (index) => filled(length, header({ jwk: {} }), claimsOf(index))),
    family('a claim twice', (index) => filledText(length, header(), `{"a":1,"a":${index.toString()},"pad":"`)),
    family('as many members as allowed', (index) => filled(length, header({ alg: 'none' }), manyMembers(index))),
    family('nested too deep', (index) => filledText(length, header(), `{"i":${index.toString()},"a":[[[[[[[[[`)),
  ];
}

function manyMembers(index: number): Json {
  return { iss, ...Object.fromEntries(Array.from({ length: 150 }, (_, member) => [`m${member.toString()}`, index])) };
}

/** A token without a good signature, of about this length. */
function filled(length: number, header: Json, claims: Json): string {
  const text = JSON.stringify(claims);
  return text.length * 1.4 > length ? unsigned(header, text) : filledText(length, header, `${text.slice(0, -1)},"pad":"`, '"}');
}

function filledText(length: number, header: Json, start: string, end = '"}'): string {
  const room = Math.floor(((length - encoded(JSON.stringify(header)).length - 344 - 2) * 3) / 4);
  return unsigned(header, start + 'x'.repeat(Math.max(0, room - start.length - end.length)) + end);
}

function unsigned(header: Json, payload: string): string {
  return `${encoded(JSON.stringify(header))}.${encoded(payload)}.${randomBytes(256).toString('base64url')}`;
}

function signed(header: Json, claims: Json, key: KeyObject): string {
  const input = `${encoded(JSON.stringify(header))}.${encoded(JSON.stringify(claims))}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function several(make: (index: number) => string): readonly string[] {
  return Array.from({ length: tokenCount }, (_, index) => make(index));
}
