import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { asOwner } from '../../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres, type TestDatabase } from '../../../test/support/database.js';
import { ENTRA_DEFAULTS } from '../contract.js';
import { CONTEXT, setUpAccess } from '../fixtures/issuer-access.fixture.js';
import { entraRegistration, oidcRegistration } from '../fixtures/registrations.fixture.js';
import { IssuerTrust } from '../issuer-trust.js';
import { IssuerStore } from './issuer.store.js';
import { IssuerVersionStore } from './issuer-version.store.js';

const ISS = 'https://kc.example/realms/r';
const TID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const CLOUD = { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' };
const ACME = '0b0e6c1e-0000-4000-8000-000000000001';
const GLOBEX = '0b0e6c1e-0000-4000-8000-000000000002';

function accessOn({ database }: Pick<TestDatabase, 'database'>) {
  const store = new IssuerStore({ database });
  const rules = { allowLoopbackHttp: true, ownIssuer: 'https://auth.example', presets: [] };
  const issuerTrust = new IssuerTrust({ store, versions: new IssuerVersionStore({ database }), rules });
  return setUpAccess({ store, issuerTrust, unitOfWork: database }).access;
}

async function addTenants({ database }: TestDatabase): Promise<void> {
  await asOwner(database, "insert into tenant (id, slug, status) values ($1, 'acme', 'active'), ($2, 'globex', 'active')", [
    ACME,
    GLOBEX,
  ]);
}

async function epoch({ database }: TestDatabase): Promise<number> {
  const rows = await database.query<{ epoch: string }>('select epoch from data_epoch where tenant_id = $1', [PLATFORM_TENANT]);
  return Number(rows[0]?.epoch ?? 0);
}

async function faultOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return isCodedError(error) ? `${error.code}: ${error.details.actual ?? ''}` : undefined;
}

describeOnEachDatabase('the stored issuers', (open) => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await open();
    await addTenants(db);
  });
  beforeEach(() => db.database.query('delete from trusted_issuer'));

  it('come back as they were registered', async () => {
    const access = accessOn(db);
    const rules = [
      { slug: 'globex', when: { claim: 'tid', equals: TID } },
      { slug: 'acme', when: null },
    ];
    expect(await access.registerIssuer(CONTEXT, entraRegistration(CLOUD, [TID], { tenantRules: rules }))).toBe('created');
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS))).toBe('created');

    const expected = {
      name: 'contoso',
      provider: 'entra-id',
      cloud: CLOUD,
      directoryIds: [TID],
      audiences: ['api'],
      algorithms: ['RS256'],
      ...ENTRA_DEFAULTS,
    };
    const tenantRules = [
      { tenantId: GLOBEX, slug: 'globex', when: { claim: 'tid', equals: TID } },
      { tenantId: ACME, slug: 'acme', when: null },
    ];
    for (const iss of [`https://sts.windows.net/${TID}/`, `https://login.microsoftonline.com/${TID}/v2.0`]) {
      expect(await access.trustedIssuer(CONTEXT, iss)).toEqual({
        ...expected,
        skewSeconds: 60,
        maxTokenAgeSeconds: { user: 7_200, workload: 86_400 },
        tenantRules,
      });
    }
    expect(await access.trustedIssuer(CONTEXT, ISS)).toMatchObject({ name: 'keycloak', acceptedTypes: ['at+jwt'] });
  });

  it('are written once, however often they are registered, and announce only what changes', async () => {
    const access = accessOn(db);
    await access.registerIssuer(CONTEXT, oidcRegistration(ISS));
    const before = await epoch(db);
    expect(await access.registerIssuer(CONTEXT, oidcRegistration(ISS))).toBe('unchanged');
    expect(await epoch(db)).toBe(before);
    const changed = oidcRegistration(ISS, { tenantRules: [{ slug: 'globex', when: null }] });
    expect(await access.registerIssuer(CONTEXT, changed)).toBe('updated');
    expect(await epoch(db)).toBeGreaterThan(before);
    expect((await accessOn(db).trustedIssuer(CONTEXT, ISS))?.tenantRules).toEqual([
      { tenantId: GLOBEX, slug: 'globex', when: null },
    ]);
  });

  it('are not read while they are disabled', async () => {
    await accessOn(db).registerIssuer(CONTEXT, oidcRegistration(ISS, { status: 'disabled' }));
    expect(await accessOn(db).trustedIssuer(CONTEXT, ISS)).toBeUndefined();
  });

  it('have one owner for each iss, and a refusal leaves nothing behind', async () => {
    const access = accessOn(db);
    await access.registerIssuer(CONTEXT, oidcRegistration(ISS));
    const twin = oidcRegistration(ISS, { name: 'twin' });
    expect(await faultOf(access.registerIssuer(CONTEXT, twin))).toBe(`IMPORT_INVALID: ${ISS} belongs to another active issuer`);
    expect(await db.database.query('select name from trusted_issuer')).toEqual([{ name: 'keycloak' }]);

    expect(await access.registerIssuer(CONTEXT, { ...twin, status: 'disabled' })).toBe('created');
    await access.registerIssuer(CONTEXT, oidcRegistration(ISS, { status: 'disabled' }));
    expect(await access.registerIssuer(CONTEXT, twin)).toBe('updated');
    expect((await accessOn(db).trustedIssuer(CONTEXT, ISS))?.name).toBe('twin');
  });

  it('see the conflict of two clouds that share the v1 issuer', async () => {
    const access = accessOn(db);
    await access.registerIssuer(CONTEXT, entraRegistration(CLOUD, [TID]));
    const government = { ...CLOUD, name: 'usgov', loginBase: 'https://login.microsoftonline.us' };
    const fault = await faultOf(access.registerIssuer(CONTEXT, entraRegistration(government, [TID], { name: 'contoso-gov' })));
    expect(fault).toBe(`IMPORT_INVALID: https://sts.windows.net/${TID}/ belongs to another active issuer`);
  });

  it('name tenants that exist', async () => {
    const registration = oidcRegistration(ISS, { tenantRules: [{ slug: 'nobody', when: null }] });
    expect(await faultOf(accessOn(db).registerIssuer(CONTEXT, registration))).toBe(
      'IMPORT_INVALID: tenants: there is no tenant nobody',
    );
  });

  it('take any text as what it is', async () => {
    const strange = `api'); drop table trusted_issuer; --`;
    const registration = oidcRegistration(ISS, { tenantRules: [{ slug: 'acme', when: { claim: strange, equals: strange } }] });
    await accessOn(db).registerIssuer(CONTEXT, registration);
    const stored = await accessOn(db).trustedIssuer(CONTEXT, ISS);
    expect(stored?.tenantRules[0]?.when).toEqual({ claim: strange, equals: strange });
  });
});

describeOnPostgres('issuers registered at the same time', (open) => {
  it('never share an iss', async () => {
    const db = await open();
    await addTenants(db);
    const names = Array.from({ length: 8 }, (_, index) => `issuer-${String(index)}`);
    const outcomes = await Promise.allSettled(
      names.map(async (name) => accessOn(db).registerIssuer(CONTEXT, oidcRegistration(ISS, { name }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await db.database.query('select issuer_name from trusted_issuer_identifier')).toHaveLength(1);
  });
});
