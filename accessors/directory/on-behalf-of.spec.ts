import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { inspect } from 'node:util';
import { DEV_APPROVERS_GROUP_ID as APPROVERS } from '#devkit/entra-issuer/personas.js';
import { CONTEXT, DirectoryWorld } from './fixtures/directory-world.fixture.js';

const world = new DirectoryWorld();
const ON_BEHALF = { mode: 'onBehalfOf' } as const;

beforeAll(() => world.start());
afterAll(() => world.stop());
afterEach(() => {
  world.issuer.directory.calm();
  world.logger.lines.length = 0;
  world.clock.advance(Date.now() - world.clock.now());
});

describe('A directory that is asked on behalf of the subject', () => {
  it.each(['secretFile', 'certificateFile', 'federatedTokenFile'] as const)('answers with %s', async (kind) => {
    const access = world.bare({ ...ON_BEHALF, credential: world.credential(kind) });
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toEqual({
      status: 'resolved',
      groups: [APPROVERS],
    });
  });

  it('exchanges each token once, however many ask at once, and never shares what it got with another token', async () => {
    const access = world.bare(ON_BEHALF);
    const before = world.calls.token;
    const first = world.subject('carol');
    const second = world.subject('carol');
    await Promise.all([first, first, first].map((subject) => access.groupsOf(CONTEXT, subject, [APPROVERS])));
    expect(world.calls.token - before).toBe(1);
    // Alternating live tokens of one subject do not push each other out.
    for (const subject of [second, first, second, first]) await access.groupsOf(CONTEXT, subject, [APPROVERS]);
    expect(world.calls.token - before).toBe(2);
  });

  it('never asks for a workload, on whose behalf nobody can act', async () => {
    const before = world.calls.all;
    const answer = await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('svc-billing'), [APPROVERS]);
    expect(answer).toMatchObject({ status: 'unresolved', reason: expect.stringContaining('mode application') });
    expect(world.calls.all).toBe(before);
  });

  it.each<[string, () => unknown, string]>([
    ['consent is missing', () => world.issuer.directory.turnRegistration({ consented: false }), 'consent_required AADSTS65001'],
    [
      'a second factor is asked for',
      () => world.issuer.directory.turnRegistration({ stepUp: true }),
      'interaction_required basic_action AADSTS50076',
    ],
  ])('is unresolved, with the reason for the operator, when %s', async (_, turn, reason) => {
    turn();
    const answer = await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    expect(answer).toMatchObject({ status: 'unresolved', reason: expect.stringContaining(reason) });
    expect(answer).not.toHaveProperty('retryAfterSeconds');
  });

  it('hands on what the user has to prove, as Entra worded it', async () => {
    world.issuer.directory.turnRegistration({ stepUp: true });
    const answer = await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    const claims = 'claims' in answer ? Buffer.from(answer.claims ?? '', 'base64').toString() : '';
    expect(JSON.parse(claims)).toEqual({ access_token: { polids: { essential: true, values: [expect.any(String)] } } });
    world.issuer.directory.turnRegistration({ stepUp: false, consented: false });
    expect(await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).not.toHaveProperty('claims');
  });

  it.each([
    ['for another API', { audience: 'api://another' }, 'AADSTS500131'],
    ['that has ended', { lifetimeSeconds: -5 }, 'AADSTS500133'],
    ['of an application', { overrides: { idtyp: 'app' } }, 'AADSTS50013'],
  ])('is unresolved for a token %s', async (_, changes, code) => {
    const token = world.issuer.issue({ persona: 'carol', ...changes });
    const answer = await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('carol', { token }), [APPROVERS]);
    expect(answer).toMatchObject({ status: 'unresolved', reason: expect.stringContaining(code) });
  });

  it('is unresolved for a token whose signature is spoiled', async () => {
    const token = `${world.issuer.issue({ persona: 'carol' }).split('.').slice(0, 2).join('.')}.AAAA`;
    const answer = await world.bare(ON_BEHALF).groupsOf(CONTEXT, world.subject('carol', { token }), [APPROVERS]);
    expect(answer).toMatchObject({ status: 'unresolved', reason: expect.stringContaining('AADSTS50013') });
  });

  it('keeps the fault of ours apart from that of the subject', async () => {
    const credential = { kind: 'secretFile', file: world.write('guess', 'guess') } as const;
    const attempt = world.bare({ ...ON_BEHALF, credential }).groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    await expect(attempt).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('makes nobody wait for the Retry-After of somebody else', async () => {
    const access = world.bare(ON_BEHALF);
    world.issuer.directory.turnRegistration({ trouble: 'throttled', retryAfter: '120' });
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ retryAfterSeconds: 120 });
    world.issuer.directory.calm();
    world.issuer.directory.setMember('alice', APPROVERS, true);
    expect(await access.groupsOf(CONTEXT, world.subject('alice'), [APPROVERS])).toMatchObject({ groups: [APPROVERS] });
    const before = world.calls.all;
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ retryAfterSeconds: 120 });
    expect(world.calls.all).toBe(before);
  });

  it('tries a refused token not again for 30 s, and the next token of the same subject at once', async () => {
    const access = world.access(ON_BEHALF);
    const old = world.subject('carol', { token: world.issuer.issue({ persona: 'carol', lifetimeSeconds: -5 }) });
    const before = world.calls.token;
    for (let time = 0; time < 20; time++) await access.groupsOf(CONTEXT, old, [APPROVERS]);
    expect(world.calls.token - before).toBe(1);
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ status: 'resolved' });
  });
});

describe('CVE class: server-side request forgery by _claim_sources', () => {
  let canary: Server;
  let visits = 0;
  let endpoint = '';
  beforeAll(async () => {
    canary = createServer((_request, response) => {
      visits += 1;
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const address = canary.address();
    endpoint = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}/getMemberObjects`;
  });
  afterAll(() => new Promise((resolve) => canary.close(resolve)));

  it.each(['application', 'onBehalfOf'] as const)('no address in the token is ever called (%s)', async (mode) => {
    const overrides = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
    const subject = world.subject('carol', { token: world.issuer.issue({ persona: 'carol', overrides }) });
    expect(await world.bare({ mode }).groupsOf(CONTEXT, subject, [APPROVERS])).toMatchObject({ groups: [APPROVERS] });
    expect(visits).toBe(0);
  });
});

describe('CVE class: secrets in logs and errors', () => {
  it('no line, reason or error holds a token or a secret', async () => {
    const wrong = 'guess-that-must-not-be-seen';
    const subject = world.subject('carol');
    const said: unknown[] = [];
    for (const mode of ['application', 'onBehalfOf'] as const) {
      const credential = { kind: 'secretFile', file: world.write('seen', wrong) } as const;
      said.push(await world.bare({ mode, credential }).groupsOf(CONTEXT, subject, [APPROVERS]).catch(shown));
      world.issuer.directory.turnRegistration({ stepUp: true, consented: false });
      said.push(await world.bare({ mode }).groupsOf(CONTEXT, subject, [APPROVERS]).catch(shown));
      world.issuer.directory.calm();
      world.issuer.directory.turnGraph({ status: 500 });
      said.push(await world.bare({ mode }).groupsOf(CONTEXT, subject, [APPROVERS]).catch(shown));
      world.issuer.directory.calm();
    }
    const everything = JSON.stringify([said, world.logger.lines]);
    expect(world.logger.lines.length).toBeGreaterThanOrEqual(6);
    for (const part of [wrong, world.issuer.directory.secret, ...subject.token.split('.')])
      expect(everything).not.toContain(part);
    expect(everything).not.toMatch(/eyJ[\w-]{8,}\.eyJ/);
  });
});

function shown(error: unknown): unknown {
  return error instanceof Error ? inspect(error, { depth: 9 }) : error;
}
