import { describe, expect, it } from '@jest/globals';
import { clientSchema } from './client-document.js';
import { clientWarnings } from './client-rules.js';
import { CONTEXT, faultsOf, world } from './fixtures/import-world.fixture.js';
import { sampleImport } from './fixtures/sample-import.fixture.js';

const AUDIENCE = 'https://billing.acme.test';
const target = { audience: sampleImport().applications[0]?.audience ?? AUDIENCE, scopes: [] };
const key = (kid?: string) => ({ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), ...(kid === undefined ? {} : { kid }) });
const own = { own: [{ issuer: 'contoso', id: 'spa' }] };
const spa = { clientId: 'spa', kind: 'public', presents: own };
const issuerName = sampleImport().issuers[0]?.name ?? '';
const issuerAudience = sampleImport().issuers[0]?.audiences[0] ?? '';

/** The sample with this one client. */
const faultsWith = (...clients: readonly object[]): Promise<readonly string[]> =>
  faultsOf({ ...sampleImport(), clients: clients.map((client) => withIssuer(client)) });

function withIssuer(client: object): object {
  return JSON.parse(JSON.stringify(client).replaceAll('"contoso"', JSON.stringify(issuerName))) as object;
}

describe('A client of an import file', () => {
  it('takes every way to prove itself, with what it goes by', async () => {
    const authentication = {
      methods: ['client_secret_basic', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'federated'],
      keys: [key('a'), key('b')],
      certificates: ['c'.repeat(43)],
      certificateName: { kind: 'san_uri', value: 'spiffe://prod/orders' },
      federated: [{ issuer: 'contoso', subject: 'system:serviceaccount:prod:orders', audience: 'https://auth.test/clients' }],
    };
    const whole = {
      ...target,
      hops: [{ from: target.audience, ceiling: [] }],
      impersonation: [],
      tenantPairs: [{ actor: 'acme', subject: 'beta' }],
    };
    const client = { clientId: 'orders', authentication, serves: [target.audience], targets: [whole] };
    expect(await faultsWith(client, { ...spa, origins: ['https://app.test'], binding: 'optional' })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['an origin with a path', { origins: ['https://app.test/'] }, 'origins[0]'],
    ['an origin without TLS', { origins: ['http://app.test'] }, 'origins[0]'],
    ['any origin', { origins: ['*'] }, 'origins[0]'],
    ['no origin', { origins: ['null'] }, 'origins[0]'],
    ['a default port', { origins: ['https://app.test:443'] }, 'origins[0]'],
    ['a secret', { secretSha256: ['a'.repeat(64)] }, 'secretSha256'],
    ['authentication', { authentication: { methods: ['private_key_jwt'], keys: [key()] } }, 'authentication'],
    ['no id of its own', { presents: {} }, 'presents.own'],
    ['the tokens of others', { presents: { ...own, listed: own.own } }, 'presents.listed'],
    ['an API', { presents: { ...own, audiences: own.own } }, 'presents.audiences'],
    ['an application that it serves', { serves: [target.audience] }, 'serves'],
    ['checks', { checks: [target.audience] }, 'checks'],
    ['a ceiling', { targets: [{ ...target, delegationCeiling: ['**'] }] }, 'targets[0].delegationCeiling'],
    ['hops', { targets: [{ ...target, hops: [{ from: target.audience, ceiling: [] }] }] }, 'targets[0].hops'],
    ['pairs of tenants', { targets: [{ ...target, tenantPairs: [{ actor: 'a', subject: 'b' }] }] }, 'targets[0].tenantPairs'],
  ])('that is public is refused with %s', async (_name, changes, path) => {
    expect((await faultsWith({ ...spa, ...changes })).join('\n')).toContain(`clients[0].${path}`);
  });

  it.each<[string, object, string]>([
    ['no method at all', { methods: [] }, 'methods'],
    ['a method that there is not', { methods: ['client_secret_jwt'] }, 'methods[0]'],
    ['a method without what it goes by', { methods: ['private_key_jwt'] }, 'keys: expected what private_key_jwt goes by'],
    ['keys that no method uses', { methods: ['client_secret_basic'], keys: [key()] }, 'keys: expected private_key_jwt'],
    [
      'a name that no method uses',
      { methods: ['client_secret_basic'], certificateName: { kind: 'dn', value: 'CN=a' } },
      'certificateName',
    ],
    ['a key that is none', { methods: ['private_key_jwt'], keys: [{ kty: 'oct' }] }, 'keys[0]: not a key'],
    ['two keys of one kid', { methods: ['private_key_jwt'], keys: [key('a'), key('a')] }, 'keys[1].kid'],
    ['two keys without kid', { methods: ['private_key_jwt'], keys: [key(), key()] }, 'keys[0].kid'],
    [
      'an issuer that nobody trusts',
      { methods: ['federated'], federated: [{ issuer: 'nobody', subject: 'a', audience: 'b' }] },
      'federated[0].issuer',
    ],
    [
      'an audience that subject tokens have',
      { methods: ['federated'], federated: [{ issuer: 'contoso', subject: 'a', audience: issuerAudience }] },
      'federated[0].audience',
    ],
  ])('is refused with %s', async (_name, authentication, fault) => {
    expect((await faultsWith({ clientId: 'orders', authentication })).join('\n')).toContain(`clients[0].authentication.${fault}`);
  });

  it('is refused with a secret that no method takes, and with origins that are not for it', async () => {
    const authentication = { methods: ['private_key_jwt'], keys: [key()] };
    const faults = await faultsWith({
      clientId: 'orders',
      authentication,
      secretSha256: ['a'.repeat(64)],
      origins: ['https://a.test'],
    });
    expect(faults.join('\n')).toMatch(/clients\[0\]\.origins.*\n.*clients\[0\]\.secretSha256/);
  });

  it('is one alone whom a token names', async () => {
    const faults = await faultsWith(spa, { ...spa, clientId: 'twin' });
    expect(faults.join('\n')).toMatch(/clients\[1\]: public client spa .* is there already/);
  });

  it('is pointed out where it is weaker than it has to be, and taken', async () => {
    const document = { ...sampleImport(), clients: [withIssuer({ ...spa, binding: 'optional' })] };
    const { warnings } = await world().manager.importDocument(CONTEXT, document);
    expect(warnings).toEqual([expect.stringContaining('client spa: a public client with bearer tokens')]);
  });
});

describe('What is weaker than it has to be', () => {
  const DAY = 86_400_000;
  const client = (description: object) => clientSchema.parse({ clientId: 'a', ...description });
  const bySecret = client({});

  it('is not a public client whose tokens are bound, nor one that goes by keys', () => {
    expect(clientWarnings(client({ kind: 'public' }), [], 0)).toEqual([]);
    expect(clientWarnings(client({ kind: 'public', binding: 'required' }), [], 0)).toEqual([]);
    expect(clientWarnings(client({ authentication: { methods: ['private_key_jwt'], keys: [key()] } }), [], 0)).toEqual([]);
  });

  it('is a secret beside a stronger method', () => {
    const both = client({ authentication: { methods: ['private_key_jwt', 'client_secret_basic'], keys: [key()] } });
    expect(clientWarnings(both, null, 0)).toEqual([expect.stringContaining('beside a stronger method')]);
  });

  it.each<[string, readonly (number | null)[], string | undefined]>([
    ['is in 15 days', [15 * DAY], undefined],
    ['is in 14 days', [14 * DAY], 'ends in 14 days'],
    ['is in a day', [DAY], 'ends in 1 day:'],
    ['was now', [0], 'no secret'],
    ['never is', [null], 'without an end'],
    ['is soon, and another comes after', [DAY, 90 * DAY], undefined],
  ])('is a client whose last end %s', (_name, ends, warning) => {
    const warnings = clientWarnings(
      bySecret,
      ends.map((endsAt) => ({ endsAt })),
      0,
    );
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
  });
});
