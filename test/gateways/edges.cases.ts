import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SAMPLE_AUDIENCE } from '../support/service.js';
import { Application, type Edge, installed, startHaproxy, startNginx } from './edge.programs.js';
import { type GatewayService, type RawAnswer, READ, send, SWAPPING } from './gateway.service.js';
import { spellingsOf } from './path-spellings.js';

const EDGES = [
  ['nginx', startNginx],
  ['haproxy', startHaproxy],
] as const;

/** Programs that people run, with the configurations that we hand out. */
export function edgeCases(service: () => GatewayService): void {
  describe.each(EDGES)('of %s', (name, start) => {
    const program = installed(name);
    const run = program === null ? it.skip : it;
    let application: Application;
    let edge: Edge;
    beforeAll(async () => {
      if (program === null) return;
      application = new Application();
      const behind = { countersign: service().host.httpUrl, application: await application.start() };
      edge = await start(program, { ...behind, credentials: service().as(SWAPPING) });
    });
    afterAll(async () => {
      if (program === null) return;
      await edge.stop();
      application.stop();
    });

    const ask = (path: string, headers: readonly string[] = [], method = 'GET'): Promise<RawAnswer> =>
      send(edge.url, { path, method, headers });
    const bearer = (persona: 'alice' | 'bob'): readonly string[] => ['authorization', `Bearer ${service().upstream(persona)}`];

    run('a request goes on with a token of ours, and with nothing that its sender said in our name', async () => {
      const forged = ['X-Countersign-Subject', 'u_evil', 'X_Countersign_Tenant', 'evil', 'X-Countersign-Gateway', 'Basic evil'];
      const lies = ['X-Original-URI', '/v1/invoices', 'X-Original-Method', 'GET', 'X-HTTP-Method-Override', 'DELETE'];
      const answer = await ask('/v1/invoices/i%20a?x=1', [...bearer('bob'), ...forged, ...lies]);
      expect([answer.status, answer.body]).toEqual([200, 'reached']);
      const last = application.seen.at(-1);
      if (last === undefined) throw new Error('nothing came');
      const { url, headers } = last;
      expect(url).toBe('/v1/invoices/i%20a?x=1');
      expect(headers).toMatchObject({
        'x-countersign-subject': expect.stringMatching(/^u_(?!evil)/),
        'x-countersign-tenant': 'acme',
        'x-countersign-permission': READ,
        authorization: expect.stringMatching(/^Bearer eyJ/),
      });
      for (const gone of ['x_countersign_tenant', 'x-http-method-override']) expect(headers[gone]).toBeUndefined();
      const [, payload = ''] = String(headers.authorization).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      expect(claims).toMatchObject({ aud: SAMPLE_AUDIENCE, client_id: SWAPPING, tenant: 'acme' });
    });

    run('a request without a token is told how to come back, and one without the permission is refused', async () => {
      const reached = application.seen.length;
      const anonymous = await ask('/v1/invoices');
      expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([401, 'Bearer realm="countersign"']);
      expect((await ask('/v1/admin', bearer('alice'))).status).toBe(403);
      expect((await ask('/v1/invoices', [...bearer('alice'), ...bearer('alice')])).status).toBeGreaterThanOrEqual(400);
      // What comes along from the sender in the place of what the gateway says is not what is asked about.
      const lies = ['X-Original-URI', '/v1/invoices', 'X-Forwarded-Uri', '/v1/invoices', 'X-Forwarded-Method', 'GET'];
      expect((await ask('/v1/admin', [...bearer('alice'), ...lies])).status).toBe(403);
      expect(application.seen).toHaveLength(reached);
    });

    run('no spelling of a path reaches what its bearer may not have', async () => {
      const reached = application.seen.length;
      for (const token of [[], bearer('alice')]) {
        for (const path of ['/v1/admin', '/v1/admin/users'].flatMap((each) => [each, ...spellingsOf(each)])) {
          if (!/^[\x21-\x7e]+$/.test(path)) continue;
          const { status } = await ask(path, token).catch(() => ({ status: 400 }));
          if (status < 400) throw new Error(`${path} went on`);
        }
      }
      expect(application.seen).toHaveLength(reached);
    });
  });
}
