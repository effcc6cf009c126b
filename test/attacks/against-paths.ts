import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GRPC_SERVICES } from '#clients/grpc/grpc-services.js';
import { accessOf } from '#clients/grpc/method-access.js';
import { ROUTES } from '#clients/rest/routes.js';
import { restHandlers } from '../support/rest-handlers.js';
import { type AttackedService, CONCURRENT } from './attacked-service.js';
import { GRPC_SPELLINGS, REST_SPELLINGS, type Spelling } from './path-spellings.js';
import { RawConnection } from './raw-connection.js';

/** What anybody may read. What is added here is open to the world. */
const DOCUMENTS = [
  '/.well-known/authzen-configuration',
  '/.well-known/countersign-cutoffs.jwt',
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource/admin/v1',
  '/.well-known/openid-configuration',
  '/errors/:code',
  '/healthz',
  '/readyz',
];
const OPEN_METHODS = ['/countersign.keys.v1.KeyService/GetJwks'];
interface Target {
  readonly method: string;
  readonly path: string;
}

/** Every route of every controller; one that takes all methods by those that it may be asked with. */
const TARGETS: readonly Target[] = restHandlers()
  .flatMap(({ method, path }): readonly Target[] => path.split(',').map((each) => ({ method, path: each })))
  .flatMap(({ method, path }) => (method === 'ALL' ? ['GET', 'POST'] : [method]).map((one) => ({ method: one, path })))
  .filter(({ method }) => method !== 'OPTIONS');
const GUARDED = TARGETS.filter(({ method, path }) => method !== 'GET' || !DOCUMENTS.includes(path));
const METHODS = GRPC_SERVICES.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));
const GUARDED_METHODS = METHODS.filter((path) => !OPEN_METHODS.includes(path));
const AS_IT_IS: Spelling = { name: 'as it is', of: (path) => path };

/** By spellings of paths, without credentials. */
export function attackPaths(attacked: AttackedService): void {
  describe('without credentials', () => {
    let session: ClientHttp2Session;
    beforeAll(async () => {
      session = connect(`http://${attacked.grpc}`);
      await once(session, 'connect');
    });
    afterAll(() => {
      session.destroy();
    });

    /** The status of the first answer; 0: none. */
    async function statusOf({ method, path }: Target, { of, lines = [] }: Spelling): Promise<number> {
      const named = path.replaceAll(/:[a-z]+(?=\/|$)/gi, 'x').replace('*', 'x');
      const raw = await RawConnection.open(attacked.rest);
      const body = method === 'GET' ? [] : ['content-type: application/json', 'content-length: 2'];
      const head = [
        `${method} ${of(named)} HTTP/1.1`,
        'host: x',
        'connection: close',
        ...body,
        ...lines,
        '',
        method === 'GET' ? '' : '{}',
      ];
      await raw.send(Buffer.from(head.join('\r\n'), 'latin1'));
      await raw.ended;
      raw.close();
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(raw.text)?.[1] ?? 0);
    }

    /** The name of the status; `data` for any message. */
    function answerTo(path: string, method = 'POST'): Promise<string> {
      return new Promise((resolve) => {
        const stream = session.request({ ':method': method, ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
        const read = ({ 'grpc-status': code }: IncomingHttpHeaders): void => {
          if (code !== undefined) resolve(status[Number(code)] ?? 'no such status');
        };
        stream
          .on('response', read)
          .on('trailers', read)
          .on('error', () => resolve('reset'));
        stream.on('data', () => resolve('data')).on('close', () => resolve('reset'));
        stream.end(Buffer.alloc(5));
      });
    }

    const inTurns = async <Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> => {
      const found: Result[] = [];
      for (let from = 0; from < items.length; from += CONCURRENT)
        found.push(...(await Promise.all(items.slice(from, from + CONCURRENT).map(ask))));
      return found;
    };

    it('there are documents that anybody may read, those and no others', () => {
      const open = ROUTES.filter(({ callers }) => callers === 'anybody').map(({ path }) => path);
      expect(open.filter((path) => !DOCUMENTS.includes(path))).toEqual([]);
      expect(DOCUMENTS.filter((path) => !TARGETS.some((each) => each.method === 'GET' && each.path === path))).toEqual([]);
      expect(METHODS.filter((path) => accessOf(path).kind === 'open')).toEqual(OPEN_METHODS);
      expect([GUARDED.length, METHODS.length].every((count) => count > 20)).toBe(true);
      expect([REST_SPELLINGS.length, GRPC_SPELLINGS.length].every((count) => count >= 30)).toBe(true);
    });

    it('every route is there, and asks for credentials', async () => {
      const asked = await inTurns(GUARDED, (each) => statusOf(each, AS_IT_IS));
      const answered = GUARDED.map(({ method, path }, at) => `${method} ${path}: ${asked[at]}`);
      // A client that is not even named is a parameter that is missing, and JSON is no form.
      expect(answered.filter((line) => !/: (400|401|415)$/.test(line))).toEqual([]);
      expect(answered.filter((line) => line.includes(' /admin/') && !line.endsWith(': 401'))).toEqual([]);
    });

    describe('CVE-2026-2293, CVE-2026-22031, CVE-2026-2880: a route under another spelling', () => {
      it.each(REST_SPELLINGS)('gives nothing away: $name', async (spelling) => {
        const statuses = await inTurns(GUARDED, (each) => statusOf(each, spelling));
        const answered = GUARDED.map(({ method, path }, at) => `${method} ${path}: ${statuses[at]}`);
        expect(answered.filter((line) => !/: 4\d\d$/.test(line))).toEqual([]);
      });
    });

    describe('CVE-2026-33186: a method under another spelling', () => {
      it.each(GRPC_SPELLINGS)('gives nothing away: $name', async ({ of }) => {
        for (const method of ['POST', 'PUT']) {
          const answers = await inTurns(GUARDED_METHODS, (path) => answerTo(of(path), method));
          const told = GUARDED_METHODS.map((path, at) => `${path}: ${answers[at]}`);
          expect(told.filter((line) => !/: (UNAUTHENTICATED|UNIMPLEMENTED|reset)$/.test(line))).toEqual([]);
        }
      });
    });

    it('every method asks for credentials', async () => {
      expect(await inTurns(GUARDED_METHODS, (path) => answerTo(path))).toEqual(GUARDED_METHODS.map(() => 'UNAUTHENTICATED'));
    });
  });
}
