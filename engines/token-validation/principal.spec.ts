import { describe, expect, it } from '@jest/globals';
import { DIRECTORY, OBJECT, OIDC_ISSUER } from '../../test/vectors/stub.issuer.access.js';
import { CONTEXT, ValidationBench } from '../../test/vectors/validation-bench.js';
import type { Principal } from './contract.js';
import { principalOf } from './principal.js';
import { createOidcIdentityProvider } from './providers/oidc.identity-provider.js';
import { StrictJwsParser } from './strict-jws.parser.js';
import { ValidationState } from './validation-state.js';

async function principal(bench: ValidationBench, token: string): Promise<Principal> {
  const report = await bench.validate(token);
  if (report.outcome !== 'accepted') throw new Error(report.findings[0].code);
  return report.principal;
}

describe('The principal', () => {
  it('is never made of a token whose signature or presenter is not proven', async () => {
    const bench = new ValidationBench();
    const token = bench.oidcToken();
    const state = new ValidationState(CONTEXT, { token, field: 'subject_token', presenter: bench.presenter }, bench.clock.now());
    const parsed = new StrictJwsParser().parse(token);
    const issuer = await bench.issuerAccess.trustedIssuer(CONTEXT, OIDC_ISSUER);
    if (!parsed.ok || issuer === undefined) throw new Error('the bench is broken');
    state.foundToken = parsed.jws;
    state.foundIssuer = { issuer, provider: createOidcIdentityProvider(), iss: OIDC_ISSUER };
    state.foundRequired = { subject: 'alice', audiences: [], expiresAt: 2, issuedAt: 1, notBefore: null };
    expect(() => principalOf(state)).toThrow('before the token was proven');
    state.presenterCase = 'own';
    expect(() => principalOf(state)).toThrow('before the token was proven');
    state.signatureProven = true;
    expect(principalOf(state).identity.externalId).toBe('alice');
  });

  it('of Entra is cloud, directory and object in lower case, and never a name', async () => {
    const bench = new ValidationBench();
    const upper = {
      oid: OBJECT.toUpperCase(),
      upn: 'ida@contoso.example',
      email: 'ida@contoso.example',
      preferred_username: 'ida@contoso.example',
    };
    const { identity } = await principal(bench, bench.v2Token(upper));
    expect(identity).toEqual({ instance: `entra:public:${DIRECTORY}`, externalId: OBJECT });
  });

  it('of OIDC is issuer and sub, exactly as they are', async () => {
    const bench = new ValidationBench();
    const { identity } = await principal(bench, bench.oidcToken({ sub: 'Alice@Acme', email: 'root@acme.example' }));
    expect(identity).toEqual({ instance: 'oidc:https://idp.example/realms/acme', externalId: 'Alice@Acme' });
  });

  it('belongs to the tenants whose condition its claims meet exactly', async () => {
    const rule = (slug: string, claim: string | null, equals = ''): Principal['tenants'][number] => ({
      tenantId: slug,
      slug,
      when: claim === null ? null : { claim, equals },
    });
    const tenantRules = [
      rule('a', null),
      rule('b', 'org', 'acme'),
      rule('c', 'org', 'Acme'),
      rule('d', 'orgs', 'acme'),
      rule('e', 'toString', 'x'),
      rule('f', 'absent', 'undefined'),
    ];
    const bench = new ValidationBench({ oidc: { tenantRules } });
    const { tenants } = await principal(bench, bench.oidcToken({ org: 'acme', orgs: ['acme'] }));
    expect(tenants.map((tenant) => tenant.slug)).toEqual(['a', 'b']);
  });

  it('carries how the subject signed in only where it is of the specified types', async () => {
    const bench = new ValidationBench();
    expect(
      await principal(bench, bench.oidcToken({ acr: 'urn:mfa', amr: ['pwd', 'otp'], auth_time: bench.now - 100 })),
    ).toMatchObject({
      acr: 'urn:mfa',
      amr: ['pwd', 'otp'],
      authTime: bench.now - 100,
    });
    for (const wrong of [
      { acr: 1, amr: 'pwd', auth_time: '1' },
      { acr: '', amr: [1], auth_time: 1.5 },
      { acr: {}, amr: null, auth_time: -1 },
    ]) {
      expect(await principal(bench, bench.oidcToken(wrong))).toMatchObject({ acr: null, amr: [], authTime: null });
    }
    expect(await principal(bench, bench.oidcToken({ auth_time: bench.now + 1000 }))).toMatchObject({ authTime: null });
  });

  it('says that groups were left out, on any sign of it', async () => {
    const bench = new ValidationBench();
    const overage = async (changes: Readonly<Record<string, unknown>>): Promise<boolean> =>
      (await principal(bench, bench.v2Token(changes))).groupsOverage;
    expect(await overage({})).toBe(false);
    expect(await overage({ groups: ['g'] })).toBe(false);
    expect(await overage({ hasgroups: false, _claim_names: { other: 'src1' } })).toBe(false);
    expect(await overage({ hasgroups: true })).toBe(true);
    expect(await overage({ hasgroups: 'true' })).toBe(true);
    expect(
      await overage({ _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x' } } }),
    ).toBe(true);
  });

  it('of OIDC may have its groups elsewhere too', async () => {
    const bench = new ValidationBench();
    expect(await principal(bench, bench.oidcToken({ _claim_names: { groups: 'src1' } }))).toMatchObject({ groupsOverage: true });
    expect(await principal(bench, bench.oidcToken({ _claim_names: { address: 'src1' } }))).toMatchObject({
      groupsOverage: false,
    });
  });

  it('is a workload where a client speaks for itself', async () => {
    const bench = new ValidationBench();
    expect(await principal(bench, bench.oidcToken({ sub: 'spa' }))).toMatchObject({ kind: 'workload' });
    expect(await principal(bench, bench.oidcToken({ sub: 'spa', client_id: undefined, azp: 'spa' }))).toMatchObject({
      kind: 'workload',
    });
    expect(await principal(bench, bench.oidcToken())).toMatchObject({ kind: 'user' });
    expect(await principal(bench, bench.v2Token({ idtyp: 'app', scp: undefined, roles: ['R'] }))).toMatchObject({
      kind: 'workload',
    });
    expect(await principal(bench, bench.v2Token())).toMatchObject({ kind: 'user' });
  });
});
