import { afterEach, describe, expect, it } from '@jest/globals';
import { DEV_DIRECTORY_ID } from '#devkit/entra-issuer/personas.js';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { ecJwk, type Page, RawIssuer } from './fixtures/raw-issuer.fixture.js';
import { entraRegistration, oidcRegistration } from './fixtures/registrations.fixture.js';

const raws: RawIssuer[] = [];

afterEach(async () => {
  await Promise.all(raws.splice(0).map((raw) => raw.stop()));
});

async function startRaw(keys: readonly object[]): Promise<RawIssuer> {
  const raw = await new RawIssuer().start(keys);
  raws.push(raw);
  return raw;
}

describe('where an Entra issuer has its keys', () => {
  const ANY = [{ slug: 'acme', when: { claim: 'tid', equals: DEV_DIRECTORY_ID } }];
  const STRANGER = '2f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';

  /** An issuer that answers any path, each with its own key set, and remembers what was asked. */
  async function startAuthority(
    stated: (path: string) => string,
  ): Promise<{ readonly raw: RawIssuer; readonly asked: string[] }> {
    const raw = await startRaw([]);
    const asked: string[] = [];
    raw.pages.get = (path: string): Page => {
      asked.push(path);
      return !path.startsWith('/keys')
        ? { issuer: stated(path), jwks_uri: `${raw.url}/keys?of=${encodeURIComponent(path)}`, cloud_instance_name: 'devkit' }
        : {
            keys: [
              { ...ecJwk('k'), cloud_instance_name: 'devkit' },
              { ...ecJwk('foreign'), cloud_instance_name: 'elsewhere' },
            ],
          };
    };
    return { raw, asked };
  }
  const cloudOf = (raw: RawIssuer) => ({ name: 'devkit', loginBase: raw.url, v1IssuerBase: `${raw.url}/sts` });

  it('CVE-2026-32301: takes nothing of a token into an address, not even a directory', async () => {
    const { raw, asked } = await startAuthority((path) =>
      path.includes('v2.0') ? `${raw.url}/{tenantid}/v2.0` : `${raw.url}/sts/{tenantid}/`,
    );
    const { access, lookUp } = setUpAccess();
    const any = { anyDirectory: true, tenantRules: ANY, algorithms: ['ES256'] as const };
    await access.registerIssuer(CONTEXT, entraRegistration(cloudOf(raw), [], any));
    for (const directory of [DEV_DIRECTORY_ID, STRANGER]) {
      expect(await lookUp(`${raw.url}/${directory}/v2.0`, 'k')).toMatchObject({ status: 'found' });
      expect(await lookUp(`${raw.url}/sts/${directory}/`, 'k')).toMatchObject({ status: 'found' });
    }
    const metadata = asked.filter((path) => !path.startsWith('/keys'));
    expect(metadata).toEqual([
      '/organizations/v2.0/.well-known/openid-configuration',
      '/organizations/.well-known/openid-configuration',
    ]);
  });

  it('leaves out keys that say they are of another cloud', async () => {
    const { raw } = await startAuthority(() => `${raw.url}/{tenantid}/v2.0`);
    const { access, lookUp } = setUpAccess();
    await access.registerIssuer(CONTEXT, entraRegistration(cloudOf(raw), [DEV_DIRECTORY_ID], { algorithms: ['ES256'] }));
    const iss = `${raw.url}/${DEV_DIRECTORY_ID}/v2.0`;
    expect(await lookUp(iss, 'k')).toMatchObject({ status: 'found', key: { cloudInstanceName: 'devkit' } });
    expect(await lookUp(iss, 'foreign')).toEqual({ status: 'unknown' });
  });

  it('takes no metadata of another cloud', async () => {
    const { raw } = await startAuthority(() => `${raw.url}/{tenantid}/v2.0`);
    const { access, lookUp, warnings } = setUpAccess();
    const cloud = { ...cloudOf(raw), name: 'usgov' };
    await access.registerIssuer(CONTEXT, entraRegistration(cloud, [DEV_DIRECTORY_ID], { algorithms: ['ES256'] }));
    expect(await lookUp(`${raw.url}/${DEV_DIRECTORY_ID}/v2.0`, 'k')).toMatchObject({ status: 'unavailable' });
    expect(warnings.at(-1)?.[1]).toMatchObject({ reason: 'cloud-mismatch' });
  });

  it.each([
    [
      'application keys',
      { appKeysClientId: STRANGER },
      (base: string) => `${base}/${DEV_DIRECTORY_ID}/v2.0`,
      `/${DEV_DIRECTORY_ID}/v2.0/.well-known/openid-configuration?appid=${STRANGER}`,
    ],
    [
      'B2C',
      (base: string) =>
        ({
          hosting: { flavour: 'b2c', base, policy: 'B2C_1_a', issuer: `${base}/tfp/${DEV_DIRECTORY_ID}/b2c_1_a/v2.0/` },
        }) as const,
      (base: string) => `${base}/tfp/${DEV_DIRECTORY_ID}/b2c_1_a/v2.0/`,
      `/${DEV_DIRECTORY_ID}/B2C_1_a/v2.0/.well-known/openid-configuration`,
    ],
    [
      'External ID',
      (base: string) => ({ hosting: { flavour: 'external-id', base, issuer: `${base}/ext/${DEV_DIRECTORY_ID}/v2.0` } }) as const,
      (base: string) => `${base}/ext/${DEV_DIRECTORY_ID}/v2.0`,
      `/${DEV_DIRECTORY_ID}/v2.0/.well-known/openid-configuration`,
    ],
  ] as const)('%s: at the place that is configured', async (_what, changes, issOf, metadata) => {
    const { raw, asked } = await startAuthority(() => issOf(raw.url));
    const { access, lookUp } = setUpAccess();
    const members = typeof changes === 'function' ? changes(raw.url) : changes;
    const registration = entraRegistration(cloudOf(raw), [DEV_DIRECTORY_ID], { algorithms: ['ES256'], ...members });
    await access.registerIssuer(CONTEXT, registration);
    expect(await lookUp(issOf(raw.url), 'k')).toMatchObject({ status: 'found' });
    expect(asked[0]).toBe(metadata);
  });
});

describe('keys that do not come by way of discovery', () => {
  it('are taken from a fixed address, without a discovery document', async () => {
    const raw = await startRaw([ecJwk('k')]);
    const { access, lookUp } = setUpAccess();
    const keySource = { from: 'jwks-uri', url: `${raw.url}/jwks` } as const;
    await access.registerIssuer(CONTEXT, oidcRegistration('https://k8s.example', { keySource }));
    expect(await lookUp('https://k8s.example', 'k')).toMatchObject({ status: 'found' });
    expect([...raw.hits]).toEqual([['/jwks', 1]]);
  });

  it('are the uploaded ones, without any connection', async () => {
    const { access, lookUp } = setUpAccess();
    const keySource = { from: 'uploaded', jwks: JSON.stringify({ keys: [ecJwk('k')] }) } as const;
    await access.registerIssuer(CONTEXT, oidcRegistration('https://k8s.invalid', { keySource }));
    expect(await lookUp('https://k8s.invalid', 'k')).toMatchObject({ status: 'found' });
    expect(await lookUp('https://k8s.invalid', 'other')).toEqual({ status: 'unknown' });
  });
});
