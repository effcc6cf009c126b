import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DefaultLiveData } from '#accessors/facts/default.live-data.js';
import type { LiveRecord } from '#accessors/facts/live-data.contract.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { assigned } from '../../accessors/facts/fixtures/live.fixture.js';
import { IDS, NAMES, PEOPLE, PREFIX, tenantRecord, TYPES, world, type World } from '../authzen/search.worlds.js';
import { CONTEXT } from '../support/accessor-parts.js';
import { basic } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { startService, type TestService } from '../support/service.js';
import { type Asked, type IssuedToken, type Question, type Told, WaysToAsk } from './ways-to-ask.js';

const AUDIENCE = 'https://shop.example';
const CASES = Number(process.env['EQUIVALENCE_CASES'] ?? '160');
/** About each of the eight people of a world. */
const EACH = 20;
const WORLDS = Math.ceil(CASES / (8 * EACH));
const TENANTS = Array.from({ length: WORLDS }, (_, at) => `alike-${String(at)}`);
const KINDS = { user: 'user', workload: 'service', agent: 'agent' } as const;

const ROUTES = NAMES.flatMap((permission) =>
  TYPES.map((type) => ({
    ...{ match: `GET /${permission.replaceAll(':', '/')}/${type}/{id}`, application: AUDIENCE, permission },
    resource: { type, id: '{id}' },
  })),
);

type Answers = Readonly<Record<string, readonly (Told | 'ask' | 'silent')[]>>;
type Seen = Record<'allowed' | 'denied' | 'asked' | 'gateway' | 'claims', number>;

/** Half of them tell nothing of the resource but its name, as a gateway does. */
const questions = (each: World): fc.Arbitrary<readonly Question[]> =>
  fc.array(
    fc
      .record({
        permission: fc.constantFrom(...NAMES),
        type: fc.constantFrom(...TYPES),
        id: fc.constantFrom(...IDS),
        isPlain: fc.boolean(),
      })
      .map(({ permission, type, id, isPlain }) => ({
        ...{ permission, resource: { type, id } },
        properties: isPlain ? {} : (each.properties[type] as Question['properties']),
      })),
    { minLength: EACH, maxLength: EACH },
  );

/**
 * What is left to the context is not settled in an exchange, where a deny applies that reads it, or that is about a role which depends on
 * it: a token then says less, by design. So where there are denies, nothing reads the context.
 */
function withoutContextDenies({ policy, ...rest }: World): World {
  const [denies, bindings] = [policy['denies'], policy['bindings']] as readonly (readonly { readonly when?: string }[])[];
  if (denies?.length === 0) return { ...rest, policy };
  const settled = (rules: readonly { readonly when?: string }[] = []) =>
    rules.map(({ when, ...rule }) => (when === undefined || when.includes('context') ? rule : { ...rule, when }));
  return { ...rest, policy: { ...policy, denies: settled(denies), bindings: settled(bindings) } };
}

describeOnPostgres('The same question', (open) => {
  let service: TestService;
  let live: DefaultLiveData;
  let ways: WaysToAsk;
  beforeAll(async () => {
    const opened = await open();
    service = await startService({ database: opened.settings });
    live = new DefaultLiveData({ database: opened.database, ids: new CryptoIdSource({ clock: new SystemClock() }) });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    for (const tenant of TENANTS) await live.put(CONTEXT, tenant, [tenantRecord(tenant)]);
    const [issuer] = sampleDocument(service.identityProvider.cloud, digest)['issuers'] as readonly object[];
    const when = { claim: 'tid', equals: DEV_DIRECTORY_ID };
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }, ...TENANTS.map((slug) => ({ slug }))],
      issuers: [{ ...issuer, tenants: TENANTS.map((tenant) => ({ tenant, when })) }],
      applications: [{ audience: AUDIENCE, prefix: PREFIX, permissions: NAMES.map((name) => ({ name })) }],
      clients: [
        {
          ...{ clientId: 'asker', secretSha256: [digest], checks: [AUDIENCE] },
          presents: { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] },
        },
        {
          ...{ clientId: 'exchanger', secretSha256: [digest], targets: [{ audience: AUDIENCE, scopes: [`${PREFIX}:**`] }] },
          presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
        },
      ],
    });
    const as = (client: string): string => basic(client, service.secret);
    ways = new WaysToAsk({ host: service.host, asker: as('asker'), exchanger: as('exchanger'), audience: AUDIENCE });
  }, 60_000);
  afterAll(async () => {
    ways.close();
    await service.stop();
  });

  /** Everybody can have a token of the stand-in identity provider. */
  async function settle({ records, policy }: World, tenant: string): Promise<void> {
    const instance = `entra:${service.identityProvider.cloud.name}:${DEV_DIRECTORY_ID}`;
    const known = records.map((each): LiveRecord =>
      each.kind === 'subject' ? { ...each, identities: [{ instance, externalId: objectIdOf(tenant, each.key) }] } : each,
    );
    // Most have something everywhere, so that tokens have something to say.
    const since = { from: 1_000, until: null };
    const roles = PEOPLE.slice(0, 6).map((key, at) => assigned(`subject:${key}`, `r${String(at % 4)}`, { valid: since }));
    await live.put(CONTEXT, tenant, [...known, ...roles]);
    await service.apply({ apiVersion: 'countersign/v1', policies: [{ tenant, ...policy, routes: ROUTES }] });
  }

  const tokenOf = (tenant: string, key: string): Promise<IssuedToken | null> =>
    ways.exchange(
      service.identityProvider.issue({ persona: 'alice', overrides: { oid: objectIdOf(tenant, key), roles: undefined } }),
      tenant,
    );

  /** What every way says of each question; the first is what the others are held against. */
  async function answersTo(asked: Asked): Promise<Answers> {
    const { token } = asked;
    const [authzen, grpc] = await Promise.all([ways.authzen(asked), ways.grpc(asked)]);
    if (token === null) return { authzen, grpc, claims: asked.questions.map(() => [false, ''] as const) };
    const [byToken, grpcByToken, open] = await Promise.all([
      ways.authzen(asked, token),
      ways.grpc(asked, token),
      ways.leftOpen(token, NAMES),
    ]);
    expect(token.conditionalCount).toBe(open.size);
    const claims = asked.questions.map(({ permission }): Told | 'ask' =>
      open.has(permission) ? 'ask' : [token.permissions.includes(permission), ''],
    );
    const extAuthz: (Told | 'silent')[] = [];
    for (const question of asked.questions) {
      const isPlain = Object.keys(question.properties).length === 0 && Object.keys(asked.context).length === 0;
      extAuthz.push(isPlain ? await ways.extAuthz(token, question) : 'silent');
    }
    return { authzen, grpc, byToken, grpcByToken, claims, extAuthz };
  }

  it(
    `is answered alike over AuthZEN, gRPC, ext_authz and by what a token says, in ${String(WORLDS * 8 * EACH)} cases`,
    async () => {
      const seen: Seen = { allowed: 0, denied: 0, asked: 0, gateway: 0, claims: 0 };
      const worlds = fc.sample(world.map(withoutContextDenies), { numRuns: WORLDS, seed: 17 });
      for (const [at, each] of worlds.entries()) {
        const tenant = TENANTS[at]!;
        await settle(each, tenant);
        const people = each.records.flatMap((record) => (record.kind === 'subject' ? [record] : []));
        for (const [number, { key, subjectKind }] of people.entries()) {
          const token = await tokenOf(tenant, key);
          const subject = { type: KINDS[subjectKind], id: key };
          const [some] = fc.sample(questions(each), { numRuns: 1, seed: at * 8 + number });
          const asked = { tenant, subject, token, context: number % 2 === 0 ? {} : each.context, questions: some! };
          const answers = await answersTo(asked);
          const { authzen = [] } = answers;
          for (const [way, told] of Object.entries(answers))
            expect({ way, told: withoutGaps(told, authzen) }).toEqual({ way, told: authzen });
          count(seen, answers);
        }
      }
      const least = Math.min(...Object.values(seen));
      expect([seen, least > (WORLDS * 8 * EACH) / 20]).toEqual([seen, true]);
    },
    Math.max(60_000, WORLDS * 10_000),
  );
});

function count(seen: Seen, { authzen = [], claims = [], extAuthz = [] }: Answers): void {
  seen.allowed += authzen.filter((each) => each[0] === true).length;
  seen.denied += authzen.filter((each) => each[0] === false).length;
  seen.asked += claims.filter((each) => each === 'ask').length;
  seen.claims += claims.filter((each) => each !== 'ask' && each[0] === true).length;
  seen.gateway += extAuthz.filter((each) => each !== 'silent').length;
}

/** A token says no reasons; and what it left out when it was issued, for whatever reason, is outside of its limits now. */
const TELLS_NO_MORE: ReadonlySet<string> = new Set(['', 'boundary']);

/** Where a way says nothing, or leaves it to a check, or does not say why, there is nothing to compare. */
function withoutGaps(told: readonly (Told | 'ask' | 'silent')[], others: readonly unknown[]): readonly unknown[] {
  return told.map((each, at) => {
    const other = others[at];
    if (each === 'ask' || each === 'silent') return other;
    return TELLS_NO_MORE.has(each[1]) && Array.isArray(other) && other[0] === each[0] ? other : each;
  });
}

function objectIdOf(tenant: string, key: string): string {
  const hex = createHash('sha256').update(`${tenant}/${key}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
