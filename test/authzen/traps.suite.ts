import { beforeAll, describe, expect, it } from '@jest/globals';
import { exchangeForm, basic, post } from '../support/callers.js';
import { PORTAL, RECORDS, type RecordsWorld } from './records.world.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE } from '../support/service.js';

const EVALUATION = '/access/v1/evaluation';
const EVALUATIONS = '/access/v1/evaluations';
const alice = { type: 'user', id: 'alice' };
const read = { name: 'read' };
const first = { type: 'record', id: 'record-1' };
const question = { subject: alice, action: read, resource: first };

type Outcome = { readonly decision: boolean; readonly context?: Readonly<Record<string, unknown>> };

export function describeTraps(running: () => RecordsWorld): void {
  let world: RecordsWorld;
  beforeAll(() => {
    world = running();
  });

  const outcome = async (body: object, client?: string): Promise<[boolean, unknown]> => {
    const answer = await world.ask(EVALUATION, body, client);
    return [answer.body['decision'] as boolean, (answer.body['context'] as Outcome['context'])?.['code'] ?? answer.body['code']];
  };
  const outcomes = async (body: object): Promise<Outcome[]> =>
    (await world.ask(EVALUATIONS, body)).body['evaluations'] as Outcome[];

  it('answers what led to a decision, of whom it was and on which state, and nobody keeps it', async () => {
    const answer = await world.ask(EVALUATION, {
      ...question,
      action: { name: 'write' },
      resource: { ...first, id: 'record-2' },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      decision: false,
      context: {
        code: 'no_grant',
        policy_version: expect.stringMatching(/^main@\d+$/),
        consistency_token: expect.stringMatching(/^[\w.-]+$/),
        evaluation_id: expect.stringMatching(/^[\da-f-]{36}$/),
        reason_admin: { 403: expect.any(String) },
        reason_user: { 403: expect.any(String) },
      },
    });
  });

  it('says what is missing, and which authentication would do', async () => {
    const bob = { type: 'user', id: 'bob' };
    const open = await world.ask(EVALUATION, { subject: bob, action: { name: 'write' }, resource: first });
    expect(open.body).toMatchObject({ decision: false, context: { code: 'conditional', missing: ['resource.status'] } });
    const purge = await world.ask(EVALUATION, { ...question, action: { name: 'purge' } });
    expect(purge.body).toMatchObject({
      decision: false,
      context: { code: 'step_up_required', acr_values: ['mfa'], max_age: 300 },
    });
  });

  describe('takes a subject', () => {
    it('of the type that it is registered as alone', async () => {
      for (const [type, decision] of [
        ['user', true],
        ['service', false],
        ['agent', false],
        ['spaceship', false],
        ['__proto__', false],
      ] as const) {
        expect(await outcome({ ...question, subject: { type, id: 'alice' } })).toEqual([
          decision,
          decision ? 'granted' : 'no_grant',
        ]);
      }
      expect(await outcome({ ...question, subject: { type: 'service', id: 'indexer' } })).toEqual([true, 'granted']);
    });

    it('by its id at an identity provider', async () => {
      const { cloud } = world.service.identityProvider;
      const tokens = world.service.identityProvider;
      const token = tokens.issue({ persona: 'alice' });
      const { oid, tid } = claimsOf(token);
      const subject = { type: 'user', id: oid, properties: { instance: `entra:${cloud.name}:${String(tid)}` } };
      expect(await outcome({ ...question, subject })).toEqual([true, 'granted']);
      expect(await outcome({ ...question, subject: { ...subject, type: 'agent' } })).toEqual([false, 'no_grant']);
      expect(await outcome({ ...question, subject: { ...subject, id: 'alice' } })).toEqual([false, 'no_grant']);
      expect(await outcome({ ...question, subject: { ...subject, properties: { instance: 7 } } })).toEqual([
        undefined,
        'REQUEST_PARAMETER_INVALID',
      ]);
    });

    it('by a token, under the name in it alone', async () => {
      const subject_token = world.service.identityProvider.issue({ persona: 'alice' });
      const form = exchangeForm(subject_token, { audience: SAMPLE_AUDIENCE });
      const issued = await post(world.service.host, form, { authorization: basic(PORTAL_CLIENT_ID, world.service.secret) });
      const token = String(issued.body['access_token']);
      const { sub } = claimsOf(token);
      const about = { action: read, resource: { type: 'billing:invoice', id: 'i1' } };
      const named = (id: unknown, type = 'user', properties: object = { token }) => ({
        ...about,
        subject: { type, id, properties },
      });
      expect(await outcome(named(sub), PORTAL)).toEqual([true, 'granted']);
      expect(await outcome(named('alice'), PORTAL)).toEqual([undefined, 'REQUEST_PARAMETER_INVALID']);
      expect(await outcome(named(sub, 'service'), PORTAL)).toEqual([false, 'no_grant']);
      expect(await outcome(named(sub, 'spaceship'), PORTAL)).toEqual([false, 'no_grant']);
      const altered = `${token.slice(0, -2)}AA`;
      expect(await outcome(named(sub, 'user', { token: altered }), PORTAL)).toEqual([undefined, 'CHECK_TOKEN_INVALID']);
      for (const nonsense of ['x', '..', 'x.e30.x']) {
        expect(await outcome(named(sub, 'user', { token: nonsense }), PORTAL)).toEqual([undefined, 'REQUEST_PARAMETER_INVALID']);
      }
      // Neither in an answer nor in what conditions read.
      const told = await world.ask(EVALUATION, named(sub), PORTAL);
      expect(JSON.stringify(told.body)).not.toContain(token);
    });
  });

  describe('takes an action and a resource', () => {
    const of = (name: string, type: string, id = 'record-1') => ({ subject: alice, action: { name }, resource: { type, id } });

    it('by verb and type, or as a whole permission, with and without the prefix', async () => {
      for (const [name, type] of [
        ['read', 'record'],
        ['read', 'records:record'],
        ['records:record:read', 'record'],
        ['records:record:read', 'records:record'],
      ] as const) {
        expect(await outcome(of(name, type))).toEqual([true, 'granted']);
      }
    });

    it('of an application that the client may ask about, which the prefix names where there are several', async () => {
      expect(await outcome(of('read', 'records:record'), PORTAL)).toEqual([true, 'granted']);
      expect(await outcome(of('read', 'billing:invoice'), PORTAL)).toEqual([true, 'granted']);
      expect(await outcome(of('read', 'record'), PORTAL)).toEqual([undefined, 'TARGET_MISSING']);
      expect(await outcome({ ...of('read', 'record'), context: { audience: RECORDS } }, PORTAL)).toEqual([true, 'granted']);
      // Not its application: a type of its own one that there is not.
      expect(await outcome(of('read', 'billing:invoice'))).toEqual([false, 'permission_unknown']);
      expect(await outcome({ ...of('read', 'record'), context: { audience: SAMPLE_AUDIENCE } })).toEqual([
        undefined,
        'CHECK_NOT_ALLOWED',
      ]);
    });

    it('never as a permission of another application than the type belongs to', async () => {
      expect(await outcome(of('billing:invoice:read', 'records:record'), PORTAL)).toEqual([false, 'permission_unknown']);
      expect(await outcome(of('records:record:read', 'billing:invoice'), PORTAL)).toEqual([false, 'permission_unknown']);
    });

    it('with what the asker says of them, where the policy takes that from it, and never as our own knowledge', async () => {
      const archived = { ...first, id: 'record-9', properties: { status: 'archived' } };
      const carol = { type: 'user', id: 'alice', properties: { groups: ['admins'], key: 'bob', status: 'active' } };
      expect(await outcome({ subject: carol, action: { name: 'write' }, resource: archived })).toEqual([false, 'no_grant']);
      const soft = { name: 'delete', properties: { soft: true } };
      expect(await outcome({ ...question, action: soft })).toEqual([true, 'granted']);
      expect(await outcome({ ...question, action: { name: 'delete', properties: { soft: 'true' } } })).toEqual([
        false,
        expect.any(String),
      ]);
      expect((await outcome({ ...question, action: { name: 'delete' } }))[0]).toBe(false);
    });

    it('refuses a place that is none, rather than to leave it aside', async () => {
      for (const properties of [{ unit: 'Org Emea' }, { path: 'emea/ch' }, { unit: 7 }]) {
        expect(await outcome({ ...question, resource: { ...first, properties } })).toEqual([
          undefined,
          'REQUEST_PARAMETER_INVALID',
        ]);
      }
    });
  });

  describe('takes a tenant', () => {
    it('from the context, else from the settings', async () => {
      expect(await outcome(question)).toEqual([true, 'granted']);
      expect(await outcome({ ...question, context: { tenant: 'acme' } })).toEqual([true, 'granted']);
      expect(await outcome({ ...question, context: { tenant: 'other' } })).toEqual([false, 'no_grant']);
      expect(await outcome({ ...question, context: { tenant: 'no-such' } })).toEqual([undefined, 'TENANT_UNRESOLVED']);
      expect(await outcome({ ...question, context: { tenant: ['acme'] } })).toEqual([undefined, 'REQUEST_PARAMETER_INVALID']);
      expect(await outcome({ ...question, context: { tenant: 'platform' } })).toEqual([undefined, 'TENANT_NOT_ALLOWED']);
    });
  });

  it('knows at least as much as an answer before', async () => {
    const answer = await world.ask(EVALUATION, question);
    const fresh = (answer.body['context'] as Record<string, unknown>)['consistency_token'];
    expect(await outcome({ ...question, context: { at_least_as_fresh: fresh } })).toEqual([true, 'granted']);
    expect(await outcome({ ...question, context: { at_least_as_fresh: 'x.y' } })).toEqual([
      undefined,
      'CONSISTENCY_TOKEN_INVALID',
    ]);
    const search = { subject: { type: 'user' }, action: read, resource: first };
    const refused = await world.ask('/access/v1/search/subject', { ...search, context: { at_least_as_fresh: 'x.y' } });
    expect([refused.status, refused.body['code']]).toEqual([400, 'CONSISTENCY_TOKEN_INVALID']);
  });

  describe('of several questions', () => {
    const granted = { resource: first };
    const denied = { resource: { ...first, id: 'record-9' } };
    const broken = { resource: { type: 'record' } };
    const decisions = async (semantic: string | undefined, evaluations: readonly unknown[]): Promise<boolean[]> => {
      const options = semantic === undefined ? {} : { options: { evaluations_semantic: semantic } };
      return (await outcomes({ ...question, ...options, evaluations })).map(({ decision }) => decision);
    };

    it('answers all, or up to the first denial or permission', async () => {
      const mixed = [granted, denied, granted, broken, granted];
      expect(await decisions(undefined, mixed)).toEqual([true, false, true, false, true]);
      expect(await decisions('execute_all', mixed)).toEqual([true, false, true, false, true]);
      expect(await decisions('deny_on_first_deny', mixed)).toEqual([true, false]);
      expect(await decisions('deny_on_first_deny', [granted, broken, granted])).toEqual([true, false]);
      expect(await decisions('deny_on_first_deny', [granted, granted])).toEqual([true, true]);
      expect(await decisions('permit_on_first_permit', [denied, broken, granted, denied])).toEqual([false, false, true]);
      expect(await decisions('permit_on_first_permit', [denied, denied])).toEqual([false, false]);
      expect(
        (await world.ask(EVALUATIONS, { ...question, options: { evaluations_semantic: 'first' }, evaluations: [{}] })).status,
      ).toBe(400);
    });

    it('replaces defaults whole: what the default said of an entity is not merged into another', async () => {
      const archived = { ...first, id: 'record-2', properties: { status: 'archived' } };
      const of = { subject: { type: 'user', id: 'bob' }, action: { name: 'write' }, resource: archived };
      const answers = await outcomes({
        ...of,
        evaluations: [{}, { resource: { type: 'record', id: 'record-3' } }, { resource: { id: 'record-3' } }, { resource: null }],
      });
      expect(
        answers.map(({ decision, context }) => [
          decision,
          context?.['code'] ?? (context?.['error'] as { status: number }).status,
        ]),
      ).toEqual([
        [true, 'granted'],
        [false, 'conditional'],
        [false, 400],
        [false, 400],
      ]);
    });

    it('answers one that is no question in its place, and says why without its values', async () => {
      const secret = 'eyJhbGciOiJub25lIn0.e30.';
      const answers = await outcomes({
        ...question,
        evaluations: [7, null, [], 'x', { subject: { type: 'user', id: 'alice', properties: { token: secret } } }, {}],
      });
      expect(answers.map(({ decision }) => decision)).toEqual([false, false, false, false, false, true]);
      expect(answers[4]?.context).toMatchObject({
        error: { status: 400, code: 'REQUEST_PARAMETER_INVALID', message: expect.any(String) },
      });
      expect(JSON.stringify(answers)).not.toContain(secret);
    });

    it('lets the fault of one be its own', async () => {
      const deep = { ...first, properties: { a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } } };
      const elsewhere = { context: { tenant: 'no-such' } };
      const answers = await outcomes({
        ...question,
        evaluations: [{}, { resource: deep }, elsewhere, { context: { at_least_as_fresh: 'x' } }, {}],
      });
      expect(answers.map(({ decision }) => decision)).toEqual([true, false, false, false, true]);
    });

    it('takes 100, each with a subject of its own, and no more', async () => {
      const subjects = ['alice', 'bob', 'nobody', 'indexer'];
      const evaluations = Array.from({ length: 100 }, (_, at) => ({
        subject: { type: 'user', id: subjects[at % 4] },
        context: { ip: `10.0.0.${String(at % 5)}` },
      }));
      const answers = await outcomes({ action: read, resource: first, evaluations });
      expect(answers.map(({ decision }) => decision)).toEqual(evaluations.map((_, at) => at % 4 < 2));
      expect((await world.ask(EVALUATIONS, { ...question, evaluations: [...evaluations, {}] })).status).toBe(400);
    });
  });

  describe('CVE-2026-41131, CVE-2026-33729: what one question brings with it never answers another', () => {
    it('of one request', async () => {
      const remove = (soft: unknown) => ({ action: { name: 'delete', properties: { soft } } });
      const told = [true, false, 'true', true, null, { soft: true }, false, true];
      const answers = await outcomes({ ...question, evaluations: told.map(remove) });
      expect(answers.map(({ decision }) => decision)).toEqual(told.map((soft) => soft === true));
    });
  });

  describe('pages', () => {
    const search = { subject: { type: 'user' }, action: read, resource: first };
    const token = async (): Promise<string> => {
      const answer = await world.ask('/access/v1/search/subject', { ...search, page: { limit: 1 } });
      return (answer.body['page'] as { next_token: string }).next_token;
    };
    const refusal = async (path: string, body: object, client?: string): Promise<unknown[]> => {
      const answer = await world.ask(`/access/v1/search/${path}`, body, client);
      return [answer.status, answer.body['field']];
    };

    it('go on for the same question of the same client alone', async () => {
      const next = await token();
      const page = { token: next };
      expect(await refusal('subject', { ...search, page })).toEqual([200, undefined]);
      expect(
        await refusal('subject', {
          page,
          resource: { id: 'record-1', type: 'record' },
          action: read,
          subject: { id: 5, type: 'user' },
        }),
      ).toEqual([200, undefined]);
      expect(await refusal('subject', { ...search, page: { ...page, limit: 1 } })).toEqual([200, undefined]);
      for (const other of [
        { ...search, page: { ...page, limit: 2 } },
        { ...search, page, resource: { ...first, id: 'record-2' } },
        { ...search, page, action: { name: 'write' } },
        { ...search, page, subject: { type: 'service' } },
        { ...search, page, context: { ip: '10.0.0.1' } },
        { ...search, page, context: { tenant: 'other' } },
      ]) {
        expect(await refusal('subject', other)).toEqual([400, 'page.token']);
      }
      expect(await refusal('subject', { ...search, page, context: { audience: RECORDS } }, PORTAL)).toEqual([400, 'page.token']);
      expect(await refusal('resource', { subject: alice, action: read, resource: { type: 'record' }, page })).toEqual([
        400,
        'page.token',
      ]);
    });

    it('cannot be made up', async () => {
      const [content = '', digest = ''] = (await token()).split('.');
      const [, after] = JSON.parse(Buffer.from(content, 'base64url').toString()) as [number, string];
      const other = Buffer.from(JSON.stringify([100, after])).toString('base64url');
      const evaluated = await world.ask(EVALUATION, question);
      const consistency = (evaluated.body['context'] as { consistency_token: string }).consistency_token;
      for (const made of [
        `${other}.${digest}`,
        `${content}.`,
        content,
        '.',
        `${content}.${digest}.`,
        `${content}=.${digest}`,
        consistency,
      ]) {
        expect(await refusal('subject', { ...search, page: { token: made } })).toEqual([400, 'page.token']);
      }
      expect(
        (await world.ask(EVALUATION, { ...question, context: { at_least_as_fresh: `${content}.${digest}` } })).body['code'],
      ).toBe('CONSISTENCY_TOKEN_INVALID');
      expect(await refusal('subject', { ...search, page: { token: '' } })).toEqual([400, 'page.token']);
    });

    it.each([0, -1, 1.5, '5', null])('of %p are none', async (limit) => {
      expect(await refusal('subject', { ...search, page: { limit } })).toEqual([400, 'page.limit']);
    });
  });

  describe('lets in', () => {
    it.each(['evaluation', 'evaluations', 'search/action', 'search/subject', 'search/resource'])(
      'nobody unproven to %s',
      async (path) => {
        for (const headers of [
          { authorization: basic('records-pep', 'wrong') },
          { authorization: '' },
          { authorization: 'Bearer x' },
        ]) {
          const answer = await world.text(`/access/v1/${path}`, JSON.stringify(question), headers);
          expect([answer.status, typeof answer.body['error']]).toEqual([401, 'string']);
        }
        const { status, body } = await world.ask(`/access/v1/${path}`, question, PORTAL_CLIENT_ID);
        const isItem = path === 'evaluations' && Array.isArray(body['evaluations']);
        expect([isItem ? 403 : status, body['code']]).toEqual([403, 'CHECK_NOT_ALLOWED']);
      },
    );

    it('no other method', async () => {
      const answer = await fetch(`${world.service.host.httpUrl}${EVALUATION}`);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    });
  });

  it.each(['a'.repeat(129), 'a b', 'a,b', 'a"b', '<x>'])('sends no request id back like %s', async (id) => {
    const answer = await world.text(EVALUATION, JSON.stringify(question), { 'x-request-id': id });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, null]);
  });

  it('sends request ids back where AuthZEN is spoken alone', async () => {
    const answer = await world.text('/v1/check', '{}', { 'x-request-id': 'abc' });
    expect(answer.headers.get('x-request-id')).toBeNull();
  });
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
