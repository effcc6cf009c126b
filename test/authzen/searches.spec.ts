import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DefaultLiveData } from '#accessors/facts/default.live-data.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { DEV_API_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { CONTEXT } from '../support/accessor-parts.js';
import { basic } from '../support/callers.js';
import { postJson } from '../support/checks.js';
import { describeOnPostgres } from '../support/database.js';
import { startService, type TestService } from '../support/service.js';
import { IDS, namedIds, NAMES, PEOPLE, PREFIX, tenantRecord, TYPES, world, type World } from './search.worlds.js';

const AUDIENCE = 'https://shop.example';
const WORLDS = Number(process.env['AUTHZEN_WORLDS'] ?? '2');
const KINDS = new Map([
  ['user', 'user'],
  ['workload', 'service'],
  ['agent', 'agent'],
]);

type Entity = { readonly type: string; readonly id: string };
type Question = { readonly subject: Entity; readonly permission: string; readonly resource: Entity };

describeOnPostgres('What a search finds', (open) => {
  let service: TestService;
  let live: DefaultLiveData;
  let made = 0;
  beforeAll(async () => {
    const opened = await open();
    service = await startService({ database: opened.settings });
    live = new DefaultLiveData({ database: opened.database, ids: new CryptoIdSource({ clock: new SystemClock() }) });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      applications: [{ audience: AUDIENCE, prefix: PREFIX, permissions: NAMES.map((name) => ({ name })) }],
      clients: [
        {
          ...{ clientId: 'shop-pep', secretSha256: [digest], checks: [AUDIENCE] },
          presents: { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] },
        },
      ],
    });
  }, 60_000);
  afterAll(() => service.stop());

  async function settle({ records, policy }: World): Promise<string> {
    const tenant = `world-${String((made += 1))}`;
    await live.put(CONTEXT, tenant, [tenantRecord(tenant)]);
    await live.put(CONTEXT, tenant, records).catch((error: unknown) => {
      throw new Error(String((error as { readonly details?: { readonly actual?: string } }).details?.actual), { cause: error });
    });
    await service.apply({ apiVersion: 'countersign/v1', policies: [{ tenant, ...policy }] });
    return tenant;
  }

  async function ask(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const answer = await postJson(service.host, `/access/v1/${path}`, basic('shop-pep', service.secret), body);
    if (answer.status !== 200) throw new Error(`${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Page by page, as whoever pages would. */
  async function found(path: string, body: object, limit: number): Promise<object[]> {
    const results: object[] = [];
    let page: object = { limit };
    for (;;) {
      const answer = await ask(`search/${path}`, { ...body, page });
      results.push(...(answer['results'] as object[]));
      const { next_token: token } = answer['page'] as { readonly next_token: string };
      if (token === '') return results;
      page = { token };
    }
  }

  /** Everything that could be asked, one by one. */
  async function allowedIn(each: World, tenant: string): Promise<ReadonlySet<string>> {
    const subjects = people(each);
    const questions = subjects.flatMap((subject) =>
      NAMES.flatMap((permission) => TYPES.flatMap((type) => IDS.map((id) => ({ subject, permission, resource: { type, id } })))),
    );
    const allowed = new Set<string>();
    for (let from = 0; from < questions.length; from += 100) {
      const some = questions.slice(from, from + 100);
      const evaluations = some.map(({ subject, permission, resource }) => ({
        ...{ subject, action: { name: permission } },
        resource: { ...resource, properties: each.properties[resource.type] },
      }));
      const answer = await ask('evaluations', { context: { ...each.context, tenant }, evaluations });
      (answer['evaluations'] as { readonly decision: boolean }[]).forEach(({ decision }, at) => {
        if (decision) allowed.add(keyOf(some[at]!));
      });
    }
    return allowed;
  }

  /** One world, with what is allowed in it. */
  interface Settled {
    readonly each: World;
    readonly context: object;
    readonly isAllowed: (question: Question) => boolean;
  }

  async function compareSubjects({ each, context, isAllowed }: Settled, permission: string, resource: Entity): Promise<void> {
    for (const kind of KINDS.values()) {
      const about = { ...resource, properties: each.properties[resource.type as (typeof TYPES)[number]] };
      const asked = { subject: { type: kind }, action: { name: permission }, resource: about, context };
      const wanted = people(each).filter((subject) => subject.type === kind && isAllowed({ subject, permission, resource }));
      expect(sorted(await found('subject', asked, each.limit))).toEqual(sorted(wanted));
    }
  }

  async function compareResources(
    { each, context, isAllowed }: Settled,
    permission: string,
    type: (typeof TYPES)[number],
  ): Promise<void> {
    for (const subject of people(each)) {
      const asked = { subject, action: { name: permission }, resource: { type, properties: each.properties[type] }, context };
      const named = [...namedIds(each, subject.id, type)].map((id) => ({ type, id }));
      const wanted = named.filter((resource) => isAllowed({ subject, permission, resource }));
      expect(sorted(await found('resource', asked, each.limit))).toEqual(sorted(wanted));
    }
  }

  async function compareActions({ each, context, isAllowed }: Settled, type: (typeof TYPES)[number]): Promise<void> {
    for (const subject of people(each)) {
      const resource = { type, id: 'i1' };
      const asked = { subject, resource: { ...resource, properties: each.properties[type] }, context };
      const ofType = NAMES.filter((permission) => permission.startsWith(`${PREFIX}:${type}:`));
      const wanted = ofType.filter((permission) => isAllowed({ subject, permission, resource })).toSorted();
      expect(await found('action', asked, each.limit)).toEqual(wanted.map((permission) => ({ name: permission.split(':')[2] })));
    }
  }

  async function compare(settled: Settled, type: (typeof TYPES)[number]): Promise<void> {
    for (const permission of NAMES) {
      for (const id of IDS.slice(1)) await compareSubjects(settled, permission, { type, id });
      await compareResources(settled, permission, type);
    }
    await compareActions(settled, type);
  }

  it(
    `is what evaluation allows, and all of it that is stored, in ${String(WORLDS)} worlds`,
    async () => {
      let hits = 0;
      for (const each of fc.sample(world, { numRuns: WORLDS, seed: 20_261_120 })) {
        const tenant = await settle(each);
        const allowed = await allowedIn(each, tenant);
        hits += allowed.size;
        const settled = {
          each,
          context: { ...each.context, tenant },
          isAllowed: (question: Question) => allowed.has(keyOf(question)),
        };
        for (const type of TYPES) await compare(settled, type);
      }
      expect(hits).toBeGreaterThan(10 * WORLDS);
    },
    Math.max(60_000, WORLDS * 10_000),
  );
});

function people({ records }: World): readonly Entity[] {
  const kinds = new Map(records.flatMap((each) => (each.kind === 'subject' ? [[each.key, each.subjectKind]] : [])));
  return PEOPLE.map((id) => ({ type: KINDS.get(kinds.get(id) ?? '') ?? '', id }));
}

function keyOf({ subject, permission, resource }: Question): string {
  return [subject.id, permission, resource.type, resource.id].join(' ');
}

function sorted(entities: readonly object[]): readonly string[] {
  return entities.map((each) => JSON.stringify(each)).toSorted();
}
