import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChangeRecord } from '#accessors/audit/contract.js';
import { DefaultIssuerRegistry } from '#accessors/issuer/default.issuer.registry.js';
import { loopbackSource } from '#accessors/issuer/fixtures/issuer-access.fixture.js';
import { ecJwk, RawIssuer } from '#accessors/issuer/fixtures/raw-issuer.fixture.js';
import { IssuerProber } from '#accessors/issuer/issuer.prober.js';
import { IssuerTrust } from '#accessors/issuer/issuer-trust.js';
import { IssuerStore } from '#accessors/issuer/stores/issuer.store.js';
import { IssuerVersionStore } from '#accessors/issuer/stores/issuer-version.store.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/database.js';
import { DefaultIssuerAdministration } from './default.issuer-administration.js';

const CONTEXT: CallContext = { diagnosticId: 'd-1', transport: 'cli' };

function setUp({ database }: TestDatabase) {
  const events: string[] = [];
  const store = new IssuerStore({ database });
  const versions = new IssuerVersionStore({ database });
  const rules = { allowLoopbackHttp: true, ownIssuer: 'https://auth.example', presets: [] };
  const issuerRegistry = new DefaultIssuerRegistry({
    trust: new IssuerTrust({ store, versions, rules }),
    versions,
    prober: new IssuerProber({ source: loopbackSource() }),
    unitOfWork: database,
    keySets: () => [],
  });
  const changeTrail = {
    recordWithin: async (_context: CallContext, record: object): Promise<void> => {
      const { what, detail } = record as ChangeRecord;
      events.push(`${what}: ${detail.replace(/[0-9a-f]{64}/, 'DIGEST')}`);
    },
  };
  const factAccess = { announceChanges: async (): Promise<void> => void events.push('announced') };
  return { events, manager: new DefaultIssuerAdministration({ issuerRegistry, factAccess, changeTrail, unitOfWork: database }) };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return isCodedError(error) ? `${error.code} ${error.details.actual ?? ''}` : 'nothing';
}

describeOnEachDatabase('IssuerAdministration', (open) => {
  let db: TestDatabase;
  let raw: RawIssuer;

  beforeAll(async () => {
    db = await open();
    await asOwner(
      db.database,
      "insert into tenant (id, slug, status) values ('0b0e6c1e-0000-4000-8000-000000000001', 'acme', 'active')",
    );
    raw = await new RawIssuer().start([ecJwk('k1'), ecJwk('k2')]);
  });
  afterAll(() => raw.stop());

  const document = (more: object = {}): object => ({
    name: 'idp',
    provider: 'oidc',
    issuer: raw.url,
    audiences: ['api'],
    algorithms: ['ES256'],
    tenant: 'acme',
    ...more,
  });

  it('takes an issuer through its life, with a record and an announcement for each change', async () => {
    const { events, manager } = setUp(db);
    const draft = await manager.draftIssuer(CONTEXT, document());
    expect(draft).toMatchObject({ name: 'idp', version: 1, warnings: [], probes: [{ outcome: 'ok', iss: raw.url }] });
    await manager.activateIssuer(CONTEXT, { name: 'idp', version: 1, expected: null });

    await manager.draftIssuer(CONTEXT, document({ skewSeconds: 5, conditions: [{ claim: 'org', oneOf: ['7'] }] }));
    const review = await manager.reviewIssuer(CONTEXT, 'idp', null);
    expect(review).toMatchObject({ version: 2, status: 'active', versionInForce: 1 });
    expect(review.differences).toEqual([
      { member: 'skewSeconds', from: 60, to: 5 },
      { member: 'conditions', from: [], to: [{ claim: 'org', oneOf: ['7'] }] },
    ]);
    await manager.activateIssuer(CONTEXT, { name: 'idp', version: 2, expected: 1 });
    await manager.switchIssuer(CONTEXT, 'idp', 'disabled');
    expect(await manager.issuers(CONTEXT)).toEqual([{ name: 'idp', status: 'disabled', version: 2, newestVersion: 2 }]);
    expect(await manager.issuerStatus(CONTEXT)).toMatchObject([{ name: 'idp', status: 'disabled', probes: [] }]);
    await manager.switchIssuer(CONTEXT, 'idp', 'active');
    expect(await manager.issuerStatus(CONTEXT)).toMatchObject([{ status: 'active', probes: [{ outcome: 'ok' }] }]);
    expect(events).toEqual([
      'issuer_drafted: idp version 1 sha256 DIGEST',
      'issuer_active: idp version 1 activation 1',
      'announced',
      'issuer_drafted: idp version 2 sha256 DIGEST',
      'issuer_active: idp version 2 activation 2',
      'announced',
      'issuer_disabled: idp version 2 activation 3',
      'announced',
      'issuer_active: idp version 2 activation 4',
      'announced',
    ]);
  });

  it('warns of what it saw, and drafts all the same: a draft counts for nothing', async () => {
    const { manager } = setUp(db);
    raw.publish([ecJwk('only'), { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' }]);
    const draft = await manager.draftIssuer(CONTEXT, document({ name: 'odd' }));
    expect(draft.warnings).toEqual([
      `${raw.url}: one key alone; a rotation that is not announced beforehand costs a fetch`,
      expect.stringContaining('key secret is not usable'),
    ]);
    raw.pages.set('/.well-known/openid-configuration', 'gone');
    expect((await manager.draftIssuer(CONTEXT, document({ name: 'odd' }))).warnings[0]).toContain('not-json');
  });

  it('says everything that is wrong with a description', async () => {
    const { manager, events } = setUp(db);
    expect(await refusal(manager.draftIssuer(CONTEXT, document({ audiences: [], secret: 'x' })))).toMatch(
      /^ISSUER_INVALID .*audiences.*\n.*secret: unknown member/s,
    );
    expect(await refusal(manager.draftIssuer(CONTEXT, document({ tenant: 'nobody' })))).toBe(
      'ISSUER_INVALID tenants: there is no tenant nobody',
    );
    expect(await refusal(manager.draftIssuer(CONTEXT, 'nonsense'))).toMatch(/^ISSUER_INVALID/);
    expect(await refusal(manager.reviewIssuer(CONTEXT, 'nobody', null))).toMatch(/^ISSUER_UNKNOWN/);
    expect(events).toEqual([]);
  });
});
