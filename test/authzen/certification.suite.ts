import { get } from 'node:http';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordsWorld } from './records.world.js';

const EVALUATION = '/access/v1/evaluation';
const EVALUATIONS = '/access/v1/evaluations';
const SEARCH = '/access/v1/search';

const alice = { type: 'user', id: 'alice' };
const bob = { type: 'user', id: 'bob' };
const admin = { ...bob, properties: { role: 'admin' } };
const record = (number: number, status?: string) => ({
  ...{ type: 'record', id: `record-${number}` },
  ...(status === undefined ? {} : { properties: { status } }),
});
const [read, write] = [{ name: 'read' }, { name: 'write' }];
const remove = (soft: boolean) => ({ name: 'delete', properties: { soft } });
const time = '2025-06-27T18:03-07:00';

type Body = Readonly<Record<string, unknown>>;

/** As the certification scenario of AuthZEN 1.0 (OpenID Foundation, 2026) numbers them. */
const DECISIONS: readonly (readonly [test: string, body: Body, decision: boolean])[] = [
  ['2.2.1 permit', { subject: alice, action: read, resource: record(1) }, true],
  ['rule 2', { subject: alice, action: write, resource: record(1) }, true],
  ['rule 3', { subject: bob, action: read, resource: record(1) }, true],
  ['2.2.2 deny', { subject: bob, action: write, resource: record(1) }, false],
  ['2.2.3 context', { subject: alice, action: read, resource: record(1), context: { time, ip: '192.168.1.1' } }, true],
  ['2.2.4 resource properties', { subject: alice, action: write, resource: record(2, 'archived') }, false],
  ['2.2.5 subject properties', { subject: admin, action: write, resource: record(2, 'archived') }, true],
  ['2.2.6 action properties', { subject: alice, action: remove(true), resource: record(1) }, true],
  ['2.2.7 action properties', { subject: alice, action: remove(false), resource: record(1) }, false],
  [
    '2.2.8 further properties',
    {
      subject: { ...alice, properties: { department: 'Sales', role: 'manager' } },
      action: { ...read, properties: { method: 'GET' } },
      resource: { ...record(1), properties: { status: 'active', owner: 'bob' } },
    },
    true,
  ],
  [
    '2.2.9 unknown fields',
    { subject: alice, action: read, resource: record(1), foo: 'bar', futureField: { nested: true } },
    true,
  ],
];

const REFUSED: readonly (readonly [test: string, body: Body])[] = [
  ['2.4.1 no subject', { action: read, resource: record(1) }],
  ['2.4.1 no action', { subject: alice, resource: record(1) }],
  ['2.4.1 no resource', { subject: alice, action: read }],
  ['2.4.2 no subject.type', { subject: { id: 'alice' }, action: read, resource: record(1) }],
  ['2.4.2 no subject.id', { subject: { type: 'user' }, action: read, resource: record(1) }],
  ['2.4.2 no action.name', { subject: alice, action: {}, resource: record(1) }],
  ['2.4.2 no resource.type', { subject: alice, action: read, resource: { id: 'record-1' } }],
  ['2.4.2 no resource.id', { subject: alice, action: read, resource: { type: 'record' } }],
  ['2.4.6 subject is a text', { subject: 'alice', action: read, resource: record(1) }],
  ['2.4.6 action.name is a number', { subject: alice, action: { name: 123 }, resource: record(1) }],
];

const BATCHES: readonly (readonly [test: string, body: Body, decisions: readonly boolean[]])[] = [
  ['3.2.1', { subject: alice, action: read, evaluations: [{ resource: record(1) }, { resource: record(2) }] }, [true, true]],
  ['3.2.2', { subject: bob, resource: record(1), evaluations: [{ action: read }, { action: write }] }, [true, false]],
  [
    '3.2.3',
    { subject: alice, action: write, evaluations: [{ resource: record(1, 'active') }, { resource: record(2, 'archived') }] },
    [true, false],
  ],
  [
    '3.2.4',
    { action: write, resource: record(2, 'archived'), evaluations: [{ subject: alice }, { subject: admin }] },
    [false, true],
  ],
  [
    '3.2.5',
    {
      evaluations: [
        { subject: alice, action: read, resource: record(1) },
        { subject: bob, action: write, resource: record(1) },
      ],
    },
    [true, false],
  ],
  [
    '3.2.6',
    {
      ...{ subject: alice, action: read, context: { time } },
      evaluations: [{ resource: record(1) }, { resource: record(2), context: { time, source: 'batch-override' } }],
    },
    [true, true],
  ],
  ['3.4.1', { subject: alice, action: read, evaluations: [{ resource: record(1) }, {}] }, [true, false]],
];

const SEARCHES: readonly (readonly [test: string, path: string, body: Body, least: readonly object[]])[] = [
  ['4.2.1', 'subject', { subject: { type: 'user' }, action: read, resource: record(1) }, [alice, bob]],
  ['4.2.2', 'subject', { subject: { type: 'user' }, action: read, resource: record(1), context: { time } }, [alice, bob]],
  ['4.2.4', 'subject', { subject: { type: 'user' }, action: write, resource: record(2, 'archived') }, [bob]],
  ['4.3.1', 'resource', { subject: alice, action: read, resource: { type: 'record' } }, [record(1)]],
  ['4.3.3', 'resource', { subject: admin, action: write, resource: { type: 'record' } }, [record(2)]],
  ['4.4.1', 'action', { subject: alice, resource: record(1) }, [read, write]],
  ['4.4.2', 'action', { subject: alice, resource: record(1), context: { time } }, [read, write]],
  ['4.4.3', 'action', { subject: admin, resource: record(2, 'archived') }, [write]],
  ['4.6.1', 'action', { subject: { type: 'user', id: 'nonexistent-user' }, resource: record(1) }, []],
  ['4.6.2', 'subject', { subject: { type: 'spaceship' }, action: read, resource: record(1) }, []],
  ['of an unknown type of resource', 'action', { subject: alice, resource: { type: 'spaceship', id: 'x' } }, []],
];

const SEARCHES_REFUSED: readonly (readonly [test: string, path: string, body: Body])[] = [
  ['4.7.1 no action', 'subject', { subject: { type: 'user' }, resource: record(1) }],
  ['4.7.1 no subject', 'resource', { action: read, resource: { type: 'record' } }],
  ['4.7.1 no resource', 'action', { subject: alice }],
  ['4.7.2 no resource.id', 'subject', { subject: { type: 'user' }, action: read, resource: { type: 'record' } }],
  ['4.7.2 no subject.id', 'resource', { subject: { type: 'user' }, action: read, resource: { type: 'record' } }],
];

export function describeCertification(running: () => RecordsWorld): void {
  let world: RecordsWorld;
  beforeAll(() => {
    world = running();
  });

  describe('Basic', () => {
    it.each(DECISIONS)('%s', async (_test, body, decision) => {
      const answer = await world.ask(EVALUATION, body);
      expect([answer.status, answer.body['decision']]).toEqual([200, decision]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
      // 2.6: asked again it says the same.
      expect((await world.ask(EVALUATION, body)).body['decision']).toBe(decision);
    });

    it.each(REFUSED)('%s', async (_test, body) => {
      const answer = await world.ask(EVALUATION, body);
      expect([answer.status, typeof answer.body['error'], 'decision' in answer.body]).toEqual([400, 'string', false]);
    });

    it.each([
      ['2.4.3 text', '{}', 'text/plain'],
      ['2.4.3 a form', 'a=b', 'application/x-www-form-urlencoded'],
      ['2.4.4 malformed', '{"subject":', 'application/json'],
      ['2.4.5 empty', '', 'application/json'],
      ['a list', '[]', 'application/json'],
      ['nothing', 'null', 'application/json'],
    ])('%s', async (_test, body, type) => {
      for (const path of [EVALUATION, EVALUATIONS, `${SEARCH}/action`]) {
        expect((await world.text(path, body, { 'content-type': type })).status).toBe(400);
      }
    });

    it('2.5 X-Request-ID comes back, of an answer and of a refusal', async () => {
      const id = 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716';
      for (const [body, status] of [
        [DECISIONS[0]![1], 200],
        [REFUSED[0]![1], 400],
      ] as const) {
        const answer = await world.text(EVALUATION, JSON.stringify(body), { 'x-request-id': id });
        expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, id]);
      }
      const unauthenticated = await world.text(EVALUATION, '{}', { 'x-request-id': id, authorization: 'Basic eDp5' });
      expect([unauthenticated.status, unauthenticated.headers.get('x-request-id')]).toEqual([401, id]);
    });
  });

  describe('Batch', () => {
    it.each(BATCHES)('%s', async (_test, body, decisions) => {
      const answer = await world.ask(EVALUATIONS, body);
      expect(answer.status).toBe(200);
      expect((answer.body['evaluations'] as { decision: boolean }[]).map(({ decision }) => decision)).toEqual(decisions);
      expect(answer.body).not.toHaveProperty('decision');
    });

    it.each([
      ['3.4.2 without evaluations', {}],
      ['3.4.3 with none', { evaluations: [] }],
    ])('%s', async (_test, more) => {
      const answer = await world.ask(EVALUATIONS, { subject: alice, action: read, resource: record(1), ...more });
      expect([answer.status, answer.body['decision'], 'evaluations' in answer.body]).toEqual([200, true, false]);
    });
  });

  describe('Search', () => {
    it.each(SEARCHES)('%s, by %s', async (_test, path, body, least) => {
      const answer = await world.ask(`${SEARCH}/${path}`, body);
      expect(answer.status).toBe(200);
      const results = answer.body['results'] as object[];
      if (least.length === 0) expect(results).toEqual([]);
      const named = least.map((each) => ('name' in each ? { name: each.name } : { ...each, properties: undefined }));
      expect(results).toEqual(expect.arrayContaining(named.map((each) => JSON.parse(JSON.stringify(each)) as object)));
    });

    it.each(SEARCHES_REFUSED)('%s, by %s', async (_test, path, body) => {
      expect((await world.ask(`${SEARCH}/${path}`, body)).status).toBe(400);
    });

    it('4.5 goes on with a token and the same entities alone', async () => {
      const body = { subject: { type: 'user' }, action: read, resource: record(1) };
      const first = await world.ask(`${SEARCH}/subject`, { ...body, page: { limit: 1 } });
      expect(first.body).toMatchObject({ results: [{}], page: { count: 1, next_token: expect.stringMatching(/./) } });
      const { next_token: token } = first.body['page'] as { next_token: string };
      const second = await world.ask(`${SEARCH}/subject`, { ...body, page: { token } });
      expect(second.body).toMatchObject({ results: [{}], page: { count: 1, next_token: '' } });
      expect([first, second].flatMap((page) => page.body['results'])).toEqual(expect.arrayContaining([alice, bob]));
    });
  });

  it('Discovery', async () => {
    const { issuer } = world.service.settings;
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
    const { status, type, body } = await got(`${world.service.host.httpUrl}/.well-known/authzen-configuration`, headers);
    expect(status).toBe(200);
    expect(type).toMatch(/^application\/json(;|$)/);
    expect(JSON.parse(body)).toEqual({
      policy_decision_point: issuer,
      access_evaluation_endpoint: `${issuer}${EVALUATION}`,
      access_evaluations_endpoint: `${issuer}${EVALUATIONS}`,
      search_subject_endpoint: `${issuer}${SEARCH}/subject`,
      search_resource_endpoint: `${issuer}${SEARCH}/resource`,
      search_action_endpoint: `${issuer}${SEARCH}/action`,
    });
  });
}

/** By hand: `fetch` lets nobody choose the host. */
function got(url: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ readonly status: number; readonly type: string; readonly body: string }>((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body });
      });
    });
    request.on('error', reject);
  });
}
