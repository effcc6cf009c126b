/** Whole exchanges of subjects of the scale bench: an installation that knows their issuer, and tokens of theirs. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { AdministrationManager } from '#managers/administration/contract.js';
import type { AuthorizationManager, ExchangeRequest } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface Exchanges {
  /** A token of the subject with this number in this tenant. */
  tokenOf(tenant: number, subject: number): string;
  /** One exchange as a caller has it: who calls, and what for. Answers how many permissions the token names. */
  exchange(token: string): Promise<number>;
}

export interface ExchangeParts {
  readonly administration: AdministrationManager;
  readonly authorization: AuthorizationManager;
  readonly context: CallContext;
  readonly tenants: number;
}

export const scaleIssuer = 'https://scale.example';
const audience = 'https://api.scale.example';
const clientId = 'scale-client';
const roles = 40;

/** Puts an issuer, a client, an application and a policy of each tenant beside the subjects that are there. */
export async function prepareExchanges({ administration, authorization, context, tenants }: ExchangeParts): Promise<Exchanges> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secret = `cs_${randomBytes(32).toString('base64url')}`;
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
  const secretSha256 = createHash('sha256').update(secret).digest('hex');
  await administration.importDocument(context, installation(tenants, JSON.stringify({ keys: [jwk] }), secretSha256));
  const header = encoded({ typ: 'at+jwt', alg: 'RS256', kid: 'k1' });
  return {
    tokenOf: (tenant, subject) => {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: scaleIssuer,
        sub: `u${String(subject)}`,
        aud: 'scale-api',
        azp: 'scale-app',
        organisation: `t${String(tenant)}`,
      };
      const input = `${header}.${encoded({ ...claims, client_id: 'scale-app', iat: now, exp: now + 3600 })}`;
      return `${input}.${sign('sha256', Buffer.from(input), keys.privateKey).toString('base64url')}`;
    },
    exchange: async (token) => {
      const client = await authorization.authenticate(context, { method: 'client_secret_basic', clientId, clientSecret: secret });
      const { scope } = await authorization.exchange(context, client, { ...request, subjectToken: token });
      return scope.split(' ').length;
    },
  };
}

const request: ExchangeRequest = {
  subjectToken: undefined,
  subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
  actorToken: undefined,
  actorTokenType: undefined,
  requestedTokenType: undefined,
  audience: [audience],
  resource: [],
  scope: undefined,
  tenant: undefined,
  impersonation: false,
};

function installation(tenants: number, jwks: string, secretSha256: string): object {
  const numbers = Array.from({ length: roles }, (_, role) => role);
  const slugs = Array.from({ length: tenants }, (_, at) => `t${String(at + 1)}`);
  const verbs = ['read', 'create', 'update', 'delete', 'approve'];
  const permissions = numbers.flatMap((role) => verbs.map((verb) => ({ name: `scale:res${String(role)}:${verb}` })));
  const grants = Object.fromEntries(numbers.map((role) => [`role${String(role)}`, { grants: [`scale:res${String(role)}:*`] }]));
  return {
    apiVersion: 'countersign/v1',
    applications: [{ audience, prefix: 'scale', permissions }],
    issuers: [
      {
        name: 'scale',
        provider: 'oidc',
        issuer: scaleIssuer,
        tenants: slugs.map((tenant) => ({ tenant, when: { claim: 'organisation', equals: tenant } })),
        audiences: ['scale-api'],
        keySource: { from: 'uploaded', jwks },
      },
    ],
    policies: slugs.map((tenant) => ({ tenant, name: 'main', roles: grants })),
    clients: [
      {
        clientId,
        secretSha256: [secretSha256],
        presents: { own: [{ issuer: 'scale', id: 'scale-app' }] },
        targets: [{ audience, scopes: ['scale:**'] }],
      },
    ],
  };
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
