import { describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { type IssuerRegistration, type KeySource, SHARED_ISSUERS } from './contract.js';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { ecJwk } from './fixtures/raw-issuer.fixture.js';
import { entraRegistration, oidcRegistration } from './fixtures/registrations.fixture.js';
import { issuerOf } from './issuer-record.js';
import type { IssuerPreset } from './issuer-preset.contract.js';
import { registrationFaults } from './issuer-registration.check.js';

const PRESET: IssuerPreset = {
  name: 'forge',
  issuer: null,
  defaults: {
    acceptedTypes: ['JWT'],
    algorithms: ['RS256'],
    allowMissingType: false,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['owner_id'],
    presenterClaims: ['owner_id'],
    kind: 'workload',
    markerClaims: ['owner_id'],
    keySource: { from: 'discovery' },
  },
  conditions: [{ claim: 'fork', oneOf: [false] }],
  sharedUnless: ['owner_id'],
  traps: [],
};
const RULES = { allowLoopbackHttp: false, ownIssuer: 'https://auth.example', presets: [PRESET] };
const ISS = 'https://kc.example/realms/r';
const CLOUD = { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' };
const TID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';

/** The fields that are at fault. */
function fields(registration: IssuerRegistration, rules = RULES): string[] {
  const tenantRules = registration.tenantRules.map((rule) => ({ ...rule, tenantId: rule.slug }));
  return registrationFaults(issuerOf(registration, tenantRules, rules.presets), rules).map((fault) => fault.split(':')[0] ?? '');
}

describe('registrationFaults', () => {
  it('finds none in what is right', () => {
    expect(fields(oidcRegistration(ISS))).toEqual([]);
    expect(fields(oidcRegistration('https://accounts.example'))).toEqual([]);
    expect(fields(oidcRegistration('https://accounts.example/'))).toEqual([]);
    expect(fields(oidcRegistration('https://kc.example:8443/realms/r'))).toEqual([]);
    expect(fields(entraRegistration(CLOUD, [TID]))).toEqual([]);
  });

  it.each([
    'http://kc.example',
    'http://127.0.0.1:8080',
    'HTTPS://kc.example',
    'https://KC.example',
    'https://kc.example:443',
    'https://user@kc.example',
    'https://user:secret@kc.example',
    'https://kc.example?x',
    'https://kc.example#x',
    'https://kc.example/a/../b',
    'https://kc.example/./b',
    'https://kc.example\\@attacker.example',
    'https://kc.example/ ',
    ' https://kc.example',
    'https://kc.\nexample',
    'https://bücher.example',
    'https://kc.example/ü',
    'https://0x7f.1',
    'ftp://kc.example',
    'kc.example',
    'https://',
    '',
  ])('takes no issuer %j', (issuer) => {
    expect(fields(oidcRegistration(issuer))).toEqual(['issuer']);
  });

  it('takes plain HTTP on this machine only where it is allowed', () => {
    const relaxed = { ...RULES, allowLoopbackHttp: true };
    for (const issuer of ['http://127.0.0.1:8080', 'http://localhost:8080/r', 'http://[::1]:8080']) {
      expect(fields(oidcRegistration(issuer), relaxed)).toEqual([]);
      expect(fields(oidcRegistration(issuer))).toEqual(['issuer']);
    }
    expect(fields(oidcRegistration('http://192.168.0.1'), relaxed)).toEqual(['issuer']);
    expect(fields(oidcRegistration('http://localhost.attacker.example'), relaxed)).toEqual(['issuer']);
  });

  it('never trusts this service as an identity provider', () => {
    expect(fields(oidcRegistration(RULES.ownIssuer))).toEqual(['issuer']);
  });

  it('finds every fault at once', () => {
    const wrong = oidcRegistration('nonsense', {
      name: '',
      audiences: [],
      algorithms: [],
      skewSeconds: 301,
      maxTokenAgeSeconds: { user: 0, workload: 1.5 },
      tenantRules: [],
      acceptedTypes: [],
      claims: { roles: '', groups: 'groups' },
    });
    expect(fields(wrong)).toEqual([
      'name',
      'audiences',
      'algorithms',
      'skewSeconds',
      'maxTokenAgeSeconds.user',
      'maxTokenAgeSeconds.workload',
      'tenants',
      'issuer',
      'claims',
      'acceptedTypes',
    ]);
  });

  it.each(['none', 'HS256', 'rs256', 'ES256K', ''])('takes no algorithm %j', (algorithm) => {
    const registration = { ...oidcRegistration(ISS), algorithms: [algorithm] } as IssuerRegistration;
    expect(fields(registration)).toEqual(['algorithms']);
  });

  it.each([-1, 0.5, 301, Number.NaN])('takes no skew of %p seconds', (skewSeconds) => {
    expect(fields(oidcRegistration(ISS, { skewSeconds }))).toEqual(['skewSeconds']);
  });

  it('takes no empty or doubled audience', () => {
    expect(fields(oidcRegistration(ISS, { audiences: ['a', ''] }))).toEqual(['audiences']);
    expect(fields(oidcRegistration(ISS, { audiences: ['a', 'a'] }))).toEqual(['audiences']);
    expect(fields(oidcRegistration(ISS, { audiences: ['a b'] }))).toEqual(['audiences']);
  });

  it.each([TID.toUpperCase(), 'common', 'organizations', 'contoso.example', `${TID}/`, ''])('takes no directory %j', (id) => {
    expect(fields(entraRegistration(CLOUD, [id]))).toEqual(['directories']);
  });

  it('takes no empty or doubled directory, and no cloud with loose ends', () => {
    expect(fields(entraRegistration(CLOUD, []))).toEqual(['directories']);
    expect(fields(entraRegistration(CLOUD, [TID, TID]))).toEqual(['directories']);
    expect(fields(entraRegistration({ ...CLOUD, loginBase: 'https://login.microsoftonline.com/' }, [TID]))).toEqual([
      'cloud.loginBase',
    ]);
    expect(fields(entraRegistration({ ...CLOUD, v1IssuerBase: 'http://sts.windows.net' }, [TID]))).toEqual([
      'cloud.v1IssuerBase',
    ]);
    expect(fields(entraRegistration({ ...CLOUD, name: 'a:b' }, [TID]))).toEqual(['cloud.name']);
  });

  it('takes no condition without a claim or a value', () => {
    expect(fields(oidcRegistration(ISS, { tenantRules: [{ slug: 'acme', when: { claim: '', equals: 'x' } }] }))).toEqual([
      'tenants',
    ]);
    expect(fields(oidcRegistration(ISS, { tenantRules: [{ slug: 'acme', when: { claim: 'org', equals: '' } }] }))).toEqual([
      'tenants',
    ]);
  });
});

const WHEN = { claim: 'repository_owner_id', equals: '42' };

describe('an issuer that many organisations share', () => {
  it.each(SHARED_ISSUERS)('does not load without a condition: %s', (issuer) => {
    expect(fields(oidcRegistration(issuer))).toEqual(['tenants']);
    const oneOfTwo = [
      { slug: 'acme', when: WHEN },
      { slug: 'globex', when: null },
    ];
    expect(fields(oidcRegistration(issuer, { tenantRules: oneOfTwo }))).toEqual(['tenants']);
    expect(fields(oidcRegistration(issuer, { tenantRules: [{ slug: 'acme', when: WHEN }] }))).toEqual([]);
    expect(fields(oidcRegistration(issuer, { conditions: [{ claim: WHEN.claim, oneOf: ['42'] }] }))).toEqual([]);
  });

  it('does not load without an audience, whatever else it has', () => {
    const issuer = 'https://token.actions.githubusercontent.com';
    expect(fields(oidcRegistration(issuer, { audiences: [], tenantRules: [{ slug: 'acme', when: WHEN }] }))).toEqual([
      'audiences',
    ]);
  });

  it('is Entra too, when any directory counts', () => {
    const any = { anyDirectory: true };
    expect(fields(entraRegistration(CLOUD, [], any))).toEqual(['tenants']);
    const rules = [{ slug: 'acme', when: { claim: 'tid', equals: TID } }];
    expect(fields(entraRegistration(CLOUD, [], { ...any, tenantRules: rules }))).toEqual([]);
    expect(fields(entraRegistration(CLOUD, [TID], { ...any, tenantRules: rules }))).toEqual(['anyDirectory']);
  });
});

describe('the other kinds of Entra', () => {
  const base = 'https://contoso.b2clogin.com';
  const b2c = { flavour: 'b2c', base, policy: 'B2C_1_signin', issuer: `${base}/${TID}/v2.0/` } as const;

  it('have one directory, and keys of a registered policy', () => {
    expect(fields(entraRegistration(CLOUD, [TID], { hosting: b2c }))).toEqual([]);
    expect(fields(entraRegistration(CLOUD, [], { hosting: b2c }))).toEqual(['directories', 'directories']);
    expect(fields(entraRegistration(CLOUD, [TID], { hosting: { ...b2c, policy: '../x' } }))).toEqual(['hosting.policy']);
    expect(fields(entraRegistration(CLOUD, [TID], { hosting: { ...b2c, base: `${base}/` } }))).toEqual(['hosting.base']);
    expect(fields(entraRegistration(CLOUD, [TID], { hosting: b2c, appKeysClientId: TID }))).toEqual(['appKeysClientId']);
  });

  it('take a client id and nothing else for the keys of an application', () => {
    expect(fields(entraRegistration(CLOUD, [TID], { appKeysClientId: TID }))).toEqual([]);
    expect(fields(entraRegistration(CLOUD, [TID], { appKeysClientId: 'x&y=z' }))).toEqual(['appKeysClientId']);
  });
});

describe('a preset', () => {
  const { algorithms: _algorithms, acceptedTypes: _types, claims: _claims, ...bare } = oidcRegistration(ISS);
  const byOwner = [{ slug: 'acme', when: { claim: 'owner_id', equals: '7' } }];
  const complete = (registration: IssuerRegistration) => issuerOf(registration, [], RULES.presets);

  it('fills in what the registration does not say, and adds its conditions', () => {
    const own = { claim: 'ref', oneOf: ['main'] };
    expect(complete({ ...bare, preset: 'forge', kind: 'user', conditions: [own] })).toMatchObject({
      acceptedTypes: ['JWT'],
      identityClaims: ['owner_id'],
      kind: 'user',
      conditions: [own, ...PRESET.conditions],
    });
    expect(complete(bare)).toMatchObject({ acceptedTypes: ['at+jwt'], identityClaims: ['sub'], conditions: [] });
  });

  it('adds its conditions once', () => {
    const once = complete({ ...bare, preset: 'forge' });
    expect(complete({ ...once, tenantRules: [], status: 'active' })).toEqual(once);
  });

  it('of an issuer that strangers share takes conditions on ids alone', () => {
    expect(fields({ ...bare, preset: 'forge' })).toEqual(['tenants']);
    expect(fields({ ...bare, preset: 'forge', tenantRules: byOwner })).toEqual([]);
    expect(fields({ ...bare, preset: 'forge', conditions: [{ claim: 'owner_id', oneOf: ['7'] }] })).toEqual([]);
    const byName = [{ slug: 'acme', when: { claim: 'owner', equals: 'acme' } }];
    expect(fields({ ...bare, preset: 'forge', tenantRules: byName })).toEqual(['tenants']);
  });

  it('has to be one that there is, for the issuer that it is for', () => {
    expect(fields({ ...bare, preset: 'nobody' })).toEqual(['preset']);
    const elsewhere = { ...RULES, presets: [{ ...PRESET, issuer: 'https://forge.example' }] };
    expect(fields({ ...bare, preset: 'forge', tenantRules: byOwner }, elsewhere)).toEqual(['issuer']);
  });
});

describe('where keys come from', () => {
  it('is an address like any other, or a key set with a key in it', () => {
    const from = (keySource: KeySource): string[] => fields(oidcRegistration(ISS, { keySource }));
    expect(from({ from: 'jwks-uri', url: 'https://kc.example/keys?v=1' })).toEqual([]);
    expect(from({ from: 'jwks-uri', url: 'http://kc.example/keys' })).toEqual(['keySource.url']);
    expect(from({ from: 'uploaded', jwks: JSON.stringify({ keys: [ecJwk('k')] }) })).toEqual([]);
    for (const jwks of ['', '{', '{}', '{"keys":[]}', 'null'])
      expect(from({ from: 'uploaded', jwks })).toEqual(['keySource.jwks']);
  });
});

describe('registerIssuer', () => {
  it('refuses with all faults, unknown tenants among them, and writes nothing', async () => {
    const { access, store } = setUpAccess();
    const registration = oidcRegistration('nonsense', {
      tenantRules: [
        { slug: 'acme', when: null },
        { slug: 'nobody', when: null },
      ],
    });
    const error: unknown = await access.registerIssuer(CONTEXT, registration).catch((thrown: unknown) => thrown);
    expect(isCodedError(error) && error.code).toBe('IMPORT_INVALID');
    expect(isCodedError(error) && error.details).toMatchObject({
      field: 'issuers.keycloak',
      actual: 'issuer: not a URL; tenants: there is no tenant nobody',
    });
    expect(store.records.size).toBe(0);
  });

  it('is idempotent', async () => {
    const { access } = setUpAccess();
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS))).toBe('created');
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS))).toBe('unchanged');
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS, { skewSeconds: 0 }))).toBe('updated');
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS, { skewSeconds: 0, status: 'disabled' }))).toBe('updated');
  });
});
