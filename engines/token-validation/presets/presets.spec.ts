import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClaimCondition, OIDC_DEFAULTS, type OidcIssuer } from '#accessors/issuer/contract.js';
import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';
import { API_URI, oidcIssuer } from '../../../test/vectors/stub.issuer.access.js';
import { signedToken, verificationKey } from '../../../test/vectors/token-factory.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';
import type { ValidationReport } from '../contract.js';
import { BUILT_IN_PRESETS } from './issuer-presets.js';

type Json = Readonly<Record<string, unknown>>;

function presetOf(name: string): IssuerPreset {
  const preset = BUILT_IN_PRESETS.find((candidate) => candidate.name === name);
  if (preset === undefined) throw new Error(`There is no preset ${name}.`);
  return preset;
}

/** Registered as the preset says, with the conditions that an operator adds. */
function issuerBy(preset: IssuerPreset, conditions: readonly ClaimCondition[]): OidcIssuer {
  const issuer = preset.issuer ?? 'https://issuer.example';
  const all = [...preset.conditions, ...conditions];
  return oidcIssuer({ ...OIDC_DEFAULTS, ...preset.defaults, name: preset.name, issuer, preset: preset.name, conditions: all });
}

async function judged(
  name: string,
  token: { readonly claims: Json; readonly header?: Json },
  conditions: readonly ClaimCondition[] = [],
): Promise<ValidationReport> {
  const bench = new ValidationBench();
  const issuer = issuerBy(presetOf(name), conditions);
  bench.trust(issuer, issuer.issuer, [verificationKey(bench.keys.oidc)]);
  bench.presenter = { ownPresenters: [], listedPresenters: [], apiAudiences: [{ issuer: name, id: API_URI }] };
  const common = { iss: issuer.issuer, aud: API_URI, iat: bench.now - 10, exp: bench.now + 300 };
  const header = { alg: 'RS256', kid: bench.keys.oidc.kid, ...token.header };
  return bench.validate(signedToken(header, { ...common, ...token.claims }, bench.keys.oidc));
}

async function verdict(...input: Parameters<typeof judged>): Promise<string> {
  const report = await judged(...input);
  return report.outcome === 'accepted'
    ? `${report.principal.kind} ${report.principal.identity.externalId}`
    : report.findings[0].code;
}

const JWT = { typ: 'JWT' };

describe('GitHub Actions', () => {
  const owner: ClaimCondition = { claim: 'repository_owner_id', oneOf: ['65'] };
  const claims = {
    sub: 'repo:octo-org/octo-repo:environment:prod',
    repository: 'octo-org/octo-repo',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    run_id: '1',
    jti: 'j',
  };

  it('is known by its ids, in both forms of the subject', async () => {
    for (const sub of [claims.sub, 'repo:octo-org@65/octo-repo@74:environment:prod', 'repository_owner_id:65:anything'])
      expect(await verdict('github-actions', { claims: { ...claims, sub }, header: JWT }, [owner])).toBe('workload 65:74');
  });

  it('is not trusted by names that were taken over', async () => {
    const twin = { ...claims, repository_id: '9999', repository_owner_id: '8888' };
    expect(await verdict('github-actions', { claims: twin, header: JWT }, [owner])).toBe('TOKEN_CONDITION_UNMET');
    expect(await verdict('github-actions', { claims: { ...claims, repository_id: 74 }, header: JWT }, [owner])).toBe(
      'TOKEN_CLAIM_INVALID',
    );
    expect(await verdict('github-actions', { claims: { ...claims, run_id: undefined }, header: JWT }, [owner])).toBe(
      'TOKEN_TYPE_MISMATCH',
    );
  });
});

describe('Kubernetes', () => {
  const account = { namespace: 'orders', serviceaccount: { name: 'api', uid: 'u-1' } };
  const claims = { sub: 'system:serviceaccount:orders:api', 'kubernetes.io': account };

  it('is known by the uid of the service account', async () => {
    expect(await verdict('kubernetes', { claims })).toBe('workload u-1');
    const again = { ...account, serviceaccount: { name: 'api', uid: 'u-2' } };
    expect(await verdict('kubernetes', { claims: { ...claims, 'kubernetes.io': again } })).toBe('workload u-2');
  });

  it('refuses the legacy tokens of secrets', async () => {
    const legacy = { sub: claims.sub, 'kubernetes.io/serviceaccount/service-account.uid': 'u-1' };
    expect(await verdict('kubernetes', { claims: legacy })).toBe('TOKEN_TYPE_MISMATCH');
    expect(await verdict('kubernetes', { claims: { ...legacy, aud: undefined, exp: undefined } })).toBe('TOKEN_CLAIM_INVALID');
  });
});

describe('SPIFFE', () => {
  it('takes typ JWT, JOSE and none', async () => {
    const claims = { sub: 'spiffe://acme.example/orders' };
    for (const header of [{}, JWT, { typ: 'JOSE' }])
      expect(await verdict('spiffe', { claims, header })).toBe('workload spiffe://acme.example/orders');
    expect(await verdict('spiffe', { claims, header: { typ: 'at+jwt' } })).toBe('TOKEN_TYPE_MISMATCH');
  });
});

describe('Google', () => {
  const claims = { sub: '113', azp: '113', email: 'ci@acme.iam.gserviceaccount.com', email_verified: true };
  const subject: ClaimCondition = { claim: 'sub', oneOf: ['113'] };

  it('is known by its number, never by its address', async () => {
    expect(await verdict('google', { claims, header: JWT }, [subject])).toBe('workload 113');
    expect(await verdict('google', { claims: { ...claims, sub: '114' }, header: JWT }, [subject])).toBe('TOKEN_CONDITION_UNMET');
  });

  it('refuses the ID tokens of users', async () => {
    expect(await verdict('google', { claims: { ...claims, at_hash: 'x' }, header: JWT }, [subject])).toBe('TOKEN_IS_ID_TOKEN');
  });
});

describe('Okta', () => {
  const claims = { sub: 'ida@acme.example', uid: '00u1', cid: 'spa', scp: ['orders'], groups: ['Everyone'] };

  it('is known by uid, and its access tokens by cid', async () => {
    expect(await verdict('okta', { claims })).toBe('user 00u1');
    expect(await verdict('okta', { claims: { ...claims, cid: undefined } })).toBe('TOKEN_TYPE_MISMATCH');
    expect(await verdict('okta', { claims: { ...claims, uid: undefined } })).toBe('TOKEN_CLAIM_INVALID');
    expect(await verdict('okta', { claims, header: { typ: 'application/okta-internal-at+jwt' } })).toBe('TOKEN_TYPE_MISMATCH');
  });
});

describe('Auth0', () => {
  it('takes RFC 9068 tokens with an audience beside the one of user information', async () => {
    const aud = [API_URI, 'https://acme.eu.auth0.example/userinfo'];
    const claims = { sub: 'auth0|1', client_id: 'spa', aud, permissions: ['orders:read'] };
    const report = await judged('auth0', { claims, header: { typ: 'at+jwt' } });
    expect(report).toMatchObject({ principal: { identity: { externalId: 'auth0|1' }, roles: ['orders:read'] } });
    expect(await verdict('auth0', { claims, header: JWT })).toBe('TOKEN_TYPE_MISMATCH');
  });
});

describe('Keycloak', () => {
  const claims = { sub: 'b2f7', typ: 'Bearer', azp: 'spa', realm_access: { roles: ['approver'] } };

  it('reads the roles of the realm and takes access tokens alone', async () => {
    expect(await judged('keycloak', { claims, header: JWT })).toMatchObject({ principal: { roles: ['approver'] } });
    expect(await verdict('keycloak', { claims: { ...claims, typ: 'ID' }, header: JWT })).toBe('TOKEN_IS_ID_TOKEN');
    for (const typ of ['Refresh', 'Logout', undefined])
      expect(await verdict('keycloak', { claims: { ...claims, typ }, header: JWT })).toBe('TOKEN_CONDITION_UNMET');
  });
});

describe('Every preset', () => {
  it('has a name and a page of its own that tells each of its traps', () => {
    expect(new Set(BUILT_IN_PRESETS.map(({ name }) => name)).size).toBe(BUILT_IN_PRESETS.length);
    for (const { name, traps } of BUILT_IN_PRESETS) {
      const path = join(import.meta.dirname, `../../../docs/guides/presets/${name}.md`);
      expect([name, existsSync(path)]).toEqual([name, true]);
      const page = readFileSync(path, 'utf8').replaceAll(/\s+/gu, ' ');
      for (const trap of traps) expect(page).toContain(trap);
    }
  });

  it('never takes symmetric algorithms, and never an issuer that is shared without saying by what it is divided', () => {
    for (const { defaults, issuer, sharedUnless } of BUILT_IN_PRESETS) {
      for (const algorithm of defaults.algorithms) expect(algorithm).toMatch(/^(?:RS|PS|ES)\d{3}$/u);
      if (issuer !== null) expect(sharedUnless).not.toEqual([]);
    }
  });

  it('builds no identity from a name that can be given to somebody else', () => {
    const recyclable = ['email', 'preferred_username', 'upn', 'repository', 'repository_owner', 'name', 'actor'];
    for (const { defaults, sharedUnless } of BUILT_IN_PRESETS) {
      for (const name of recyclable) {
        expect(defaults.identityClaims).not.toContain(name);
        expect(sharedUnless).not.toContain(name);
      }
    }
  });
});
