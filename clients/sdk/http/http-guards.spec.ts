import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { authenticated, open, permissions, steppedUp } from '../access.js';
import { createExpressGuard, tokenOf as tokenOfExpress } from '../express/express.js';
import { countersignFastify, tokenOf as tokenOfFastify } from '../fastify/fastify.js';
import { LiveIssuer } from '../fixtures/tokens-of-now.js';
import { requirePermissions } from '../permission-guards.js';
import { HttpGuard } from './http-guard.js';

const READ = permissions('billing:invoice:read');

/** One of the ways in which a program is guarded, behind a socket. */
interface Guarded {
  readonly port: number;
  close(): Promise<void>;
}

let issuer: LiveIssuer;
const failures: unknown[] = [];

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
});

afterEach(() => {
  failures.length = 0;
});

afterAll(async () => {
  await issuer.close();
});

async function listening(handler: RequestListener): Promise<Guarded> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()).closeAllConnections());
  return { port: (server.address() as AddressInfo).port, close };
}

type Step = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** As Connect and Express run what they are given: one after the other, errors to those with four parameters. */
function connected(routes: Readonly<Record<string, readonly Step[]>>, onError: (...args: never[]) => void): RequestListener {
  return (request, response) => {
    const steps = [...(routes[request.url ?? ''] ?? [])];
    const next = (error?: unknown): void => {
      const step = steps.shift();
      if (error === undefined && step !== undefined) step(request, response, next);
      else {
        (onError as (...args: unknown[]) => void)(error, request, response, (rest: unknown) => {
          failures.push(rest);
          response.writeHead(500).end();
        });
      }
    };
    next();
  };
}

async function express(): Promise<Guarded> {
  const guard = createExpressGuard({ verifier: issuer.verifier, realm: 'billing' });
  const answer: Step = (request, response) => {
    response.end(JSON.stringify({ subject: tokenOfExpress(request).subject }));
  };
  const routes = {
    '/invoices': [guard.allow(READ), answer],
    '/me': [guard.allow(authenticated()), answer],
    '/salaries': [guard.allow(steppedUp(READ, { acrValues: ['c2', 'c3'], maxAgeSeconds: 60 })), answer],
    '/health': [guard.allow(open()), ((_request, response) => response.end('{}')) satisfies Step],
    '/archive': [
      guard.allow(authenticated()),
      ((request) => {
        requirePermissions(tokenOfExpress(request), 'billing:archive:read');
      }) satisfies Step,
    ],
    '/broken': [
      guard.allow(open()),
      (() => {
        throw new Error('broken');
      }) satisfies Step,
    ],
  };
  return listening(connected(routes, guard.refusals));
}

async function fastifyApp(): Promise<Guarded> {
  const app: FastifyInstance = fastify();
  await app.register(countersignFastify, { verifier: issuer.verifier, realm: 'billing' });
  const subject = (request: Parameters<typeof tokenOfFastify>[0]): object => ({ subject: tokenOfFastify(request).subject });
  const stepUp = steppedUp(READ, { acrValues: ['c2', 'c3'], maxAgeSeconds: 60 });
  app.get('/me', { config: { access: authenticated() } }, subject);
  app.get('/health', { config: { access: open() } }, () => ({}));
  await app.register((scope) => {
    scope.get('/invoices', { config: { access: READ } }, subject);
    scope.get('/salaries', { config: { access: stepUp } }, subject);
    scope.get('/archive', { config: { access: authenticated() } }, (request) => {
      requirePermissions(tokenOfFastify(request), 'billing:archive:read');
    });
    scope.get('/broken', { config: { access: open() } }, () => {
      throw new Error('broken');
    });
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

describe.each([
  ['Express', express],
  ['Fastify', fastifyApp],
] as const)('With %s', (_name, make) => {
  let guarded: Guarded;

  beforeAll(async () => {
    guarded = await make();
  });

  afterAll(() => guarded.close());

  const get = (path: string, authorization?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${guarded.port}${path}`, authorization === undefined ? {} : { headers: { authorization } });

  it('who may comes in, and the handler knows who it is', async () => {
    const response = await get('/invoices', issuer.bearer());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ subject: 'u_ana' });
    expect((await get('/health')).status).toBe(200);
  });

  it.each([undefined, 'Basic dTpw', 'DPoP abc', 'Bearers abc', ''])(
    'without a bearer token (%s) one is told how to authenticate, and no more',
    async (authorization) => {
      const response = await get('/me', authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="billing"');
      expect(await response.json()).toMatchObject({ code: 'TOKEN_MISSING', status: 401 });
    },
  );

  it.each(['Bearer', 'Bearer  two.blanks.x', 'Bearer a b', 'bearer a,b', 'Bearer é'])('"%s" is no token', async (text) => {
    const response = await get('/me', Buffer.from(text).toString('latin1'));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('two authorizations are refused, whatever is in them', async () => {
    const good = issuer.bearer();
    for (const [first, second] of [
      [good, good],
      [good, 'Basic dTpw'],
      ['', good],
    ]) {
      const head = `GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${first}\r\naUTHORIZATION: ${second}\r\n\r\n`;
      expect(await raw(guarded.port, head)).toMatch(/^HTTP\/1.1 400 [^]*error="invalid_request"[^]*AUTHORIZATION_AMBIGUOUS/);
    }
  });

  it('a permission that is missing is 403, and is named', async () => {
    const response = await get('/invoices', issuer.bearer({ permissions: ['billing:invoice:list'] }));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer realm="billing", error="insufficient_scope", error_description="The token does not hold the permission.", scope="billing:invoice:read"',
    );
  });

  it('a sign-in that is too old is 401 with what is demanded (RFC 9470)', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const response = await get('/salaries', issuer.bearer({ acr: 'c2', auth_time: now - 61 }));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(
      /error="insufficient_user_authentication", .*acr_values="c2 c3", max_age="60"$/,
    );
    expect((await get('/salaries', issuer.bearer({ acr: 'c3', auth_time: now }))).status).toBe(200);
    expect((await get('/salaries', issuer.bearer({ acr: 'c3', auth_time: now + 360 }))).status).toBe(401);
  });

  it('a bound token is refused', async () => {
    const response = await get('/me', issuer.bearer({ cnf: { jkt: 'thumb' } }));
    expect(await response.json()).toMatchObject({ status: 401, code: 'BINDING_NOT_SHOWN' });
  });

  it('what a handler requires for itself is answered alike', async () => {
    const response = await get('/archive', issuer.bearer());
    expect(await response.json()).toMatchObject({ status: 403, code: 'PERMISSION_DENIED' });
  });

  it('any other error is left to the program', async () => {
    expect((await get('/broken')).status).toBe(500);
  });
});

describe('While the issuer does not answer', () => {
  it('the answer is 503 with Retry-After, and nothing against the token', async () => {
    const away = await new LiveIssuer().open();
    const authorization = away.bearer();
    away.answerKeys = (_request, response) => response.writeHead(500).end();
    const guard = new HttpGuard({ verifier: away.verifier });
    const request = { rawHeaders: ['Authorization', authorization], socket: undefined as never };
    const error = (await guard.admit(request, READ).catch((thrown: unknown) => thrown)) as never;
    expect(guard.refusalOf(error)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(guard.refusalOf(error)?.headers).not.toHaveProperty('www-authenticate');
    await away.close();
  });
});

describe('A route that Fastify adds by itself', () => {
  it('is for whom the one is that it comes with', async () => {
    const app = fastify();
    await app.register(countersignFastify, { verifier: issuer.verifier });
    app.get('/invoices', { config: { access: READ } }, () => ({}));
    const head = (headers: Record<string, string>): Promise<{ statusCode: number }> =>
      app.inject({ method: 'HEAD', url: '/invoices', headers });
    expect((await head({})).statusCode).toBe(401);
    expect((await head({ authorization: issuer.bearer() })).statusCode).toBe(200);
    await app.close();
  });
});

describe('What nobody decided', () => {
  it('is no route of Fastify', async () => {
    const app = fastify();
    await app.register(countersignFastify, { verifier: issuer.verifier });
    expect(() => app.get('/open', () => ({}))).toThrow(/GET \/open: say who may call it/);
    await app.close();
  });

  it('is for nobody, where the route was there before the guard', async () => {
    const app = fastify();
    app.get('/early', () => ({}));
    await app.register(countersignFastify, { verifier: issuer.verifier });
    const response = await app.inject({ url: '/early', headers: { authorization: issuer.bearer() } });
    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({ code: 'ACCESS_UNDECIDED' });
    expect((await app.inject({ url: '/nothing' })).statusCode).toBe(404);
    await app.close();
  });
});

describe('A decision', () => {
  it.each([
    () => permissions(),
    () => permissions('billing:*'),
    () => permissions('billing:invoice:read', ''),
    () => steppedUp(open(), { maxAgeSeconds: 1 }),
    () => steppedUp(READ, {}),
    () => steppedUp(READ, { acrValues: [] }),
    () => steppedUp(READ, { acrValues: ['a"b'] }),
    () => steppedUp(READ, { acrValues: ['a b'] }),
    () => steppedUp(READ, { maxAgeSeconds: -1 }),
    () => steppedUp(READ, { maxAgeSeconds: 1.5 }),
    () => new HttpGuard({ verifier: issuer.verifier, realm: 'a", error="' }),
    () => new HttpGuard({ verifier: issuer.verifier, resourceMetadata: 'javascript:x' }),
    () => new HttpGuard({ verifier: issuer.verifier, resourceMetadata: 'https://x.test/"' }),
  ])('that means nothing is not made (%#)', (make) => {
    expect(make).toThrow(TypeError);
  });
});

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(answer);
    });
  });
}
