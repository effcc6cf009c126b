import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ecJwk, RawIssuer } from './fixtures/raw-issuer.fixture.js';
import { loopbackSource } from './fixtures/issuer-access.fixture.js';
import { HttpMetadataSource } from './http.metadata.source.js';
import { MetadataFault } from './metadata-fault.js';
import type { MetadataLocation } from './metadata-location.js';

const DISCOVERY = '/.well-known/openid-configuration';
const MAX_BYTES = 100 * 1024;
const issuers: RawIssuer[] = [];

afterEach(async () => {
  await Promise.all(issuers.splice(0).map((issuer) => issuer.stop()));
});

async function startIssuer(): Promise<RawIssuer> {
  const issuer = await new RawIssuer().start([ecJwk('k')]);
  issuers.push(issuer);
  return issuer;
}

function locate(issuer: RawIssuer): MetadataLocation {
  const keySource = { from: 'discovery' } as const;
  return { iss: issuer.url, metadataUrl: `${issuer.url}${DISCOVERY}`, directoryId: null, cloudNames: [], keySource };
}

function source(timeoutMs = 5_000, allowLoopbackHttp = true): HttpMetadataSource {
  return loopbackSource({ allowLoopbackHttp, timeoutMs });
}

/** Why the key set was not taken, or `taken`. */
async function outcome(location: MetadataLocation, from = source(), expectedHost: string | null = null): Promise<string> {
  try {
    await from.fetchKeySet(location, expectedHost);
    return 'taken';
  } catch (error) {
    return error instanceof MetadataFault ? error.reason : `not a MetadataFault: ${String(error)}`;
  }
}

const write =
  (type: string, body: string | Buffer, status = 200) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

describe('HttpMetadataSource', () => {
  it('fetches the discovery document and the key set that it names', async () => {
    const issuer = await startIssuer();
    const { jwks, jwksHost } = await source().fetchKeySet(locate(issuer), null);
    expect(jwks).toMatchObject({ keys: [{ kid: 'k' }] });
    expect(`http://${jwksHost}`).toBe(issuer.url);
  });

  it('sends nothing but what every issuer may know', async () => {
    const issuer = await startIssuer();
    let names: string[] = [];
    issuer.pages.set('/jwks', (request: IncomingMessage, response: ServerResponse) => {
      names = Object.keys(request.headers);
      write('application/json', '{"keys":[]}')(request, response);
    });
    await source().fetchKeySet(locate(issuer), null);
    const ofTheRuntime = ['host', 'connection', 'accept-language', 'sec-fetch-mode'];
    expect(names.filter((name) => !ofTheRuntime.includes(name)).sort()).toEqual(['accept', 'accept-encoding', 'user-agent']);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/jwk-set+json',
    'APPLICATION/JSON',
    'application/vnd.x+json',
  ])('takes %s', async (type) => {
    const issuer = await startIssuer();
    issuer.pages.set('/jwks', write(type, '{"keys":[]}'));
    expect(await outcome(locate(issuer))).toBe('taken');
  });

  it.each(['text/plain', 'text/html', 'text/json', 'application/jsonp', 'application/json2', ''])(
    'does not take %p',
    async (type) => {
      const issuer = await startIssuer();
      issuer.pages.set('/jwks', write(type, '{"keys":[]}'));
      expect(await outcome(locate(issuer))).toBe('content-type');
    },
  );

  it.each([201, 204, 206, 400, 404, 429, 500, 503])('does not take status %i', async (status) => {
    const issuer = await startIssuer();
    issuer.pages.set('/jwks', write('application/json', status === 204 ? '' : '{"keys":[]}', status));
    expect(await outcome(locate(issuer))).toBe('status');
  });

  it.each([
    ['HTML', '<!doctype html>'],
    ['nothing', ''],
    ['half of it', '{"keys":[{"kty"'],
    ['a list', '[]'],
    ['null', 'null'],
    ['text', '"keys"'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('does not take %s for JSON', async (_what, body) => {
    const issuer = await startIssuer();
    issuer.pages.set('/jwks', write('application/json', body));
    expect(await outcome(locate(issuer))).toBe('not-json');
  });

  it('takes 100 KiB and not a byte more', async () => {
    const issuer = await startIssuer();
    const bare = '{"keys":[]}';
    issuer.pages.set('/jwks', bare.padEnd(MAX_BYTES));
    expect(await outcome(locate(issuer))).toBe('taken');
    issuer.pages.set('/jwks', bare.padEnd(MAX_BYTES + 1));
    expect(await outcome(locate(issuer))).toBe('too-large');
  });

  it('hangs up on a body without an end', async () => {
    const issuer = await startIssuer();
    let sent = 0;
    const hungUp = new Promise<void>((resolve) => {
      issuer.pages.set('/jwks', (_request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.on('close', resolve);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(16 * 1024, 0x20))) sent += 16 * 1024;
        };
        response.on('drain', more);
        more();
      });
    });
    expect(await outcome(locate(issuer))).toBe('too-large');
    await hungUp;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('takes no compressed body, so that a small one cannot become a large one', async () => {
    const issuer = await startIssuer();
    const bomb = gzipSync('{"keys":[]}'.padEnd(20 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(MAX_BYTES);
    issuer.pages.set('/jwks', (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await outcome(locate(issuer))).toBe('content-type');
  });

  it('gives up when the whole takes too long, wherever it waits', async () => {
    const issuer = await startIssuer();
    issuer.pages.set('/jwks', () => undefined);
    expect(await outcome(locate(issuer), source(50))).toBe('timeout');
    issuer.pages.set('/jwks', (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":');
    });
    expect(await outcome(locate(issuer), source(50))).toBe('timeout');
    issuer.pages.set(DISCOVERY, () => undefined);
    expect(await outcome(locate(issuer), source(50))).toBe('timeout');
  });

  it('says that an issuer is away', async () => {
    const issuer = await startIssuer();
    await issuer.stop();
    expect(await outcome(locate(issuer))).toBe('unreachable');
  });

  it('takes only the metadata of the issuer it asked for', async () => {
    const issuer = await startIssuer();
    for (const stated of [
      `${issuer.url}/`,
      issuer.url.toUpperCase(),
      'https://attacker.example',
      undefined,
      null,
      [issuer.url],
      `${issuer.url} `,
    ]) {
      issuer.pages.set(DISCOVERY, { issuer: stated, jwks_uri: `${issuer.url}/jwks` });
      expect(await outcome(locate(issuer))).toBe('issuer-mismatch');
    }
    expect(issuer.hitsOf('/jwks')).toBe(0);
  });

  it('fills the template of shared Entra metadata with the directory that is configured', async () => {
    const issuer = await startIssuer();
    const iss = `${issuer.url}/t-1/v2.0`;
    const location = { ...locate(issuer), iss, directoryId: 't-1' };
    issuer.pages.set(DISCOVERY, { issuer: `${issuer.url}/{tenantid}/v2.0`, jwks_uri: `${issuer.url}/jwks` });
    expect(await outcome(location)).toBe('taken');
    expect(await outcome({ ...location, directoryId: 't-2' })).toBe('issuer-mismatch');
    expect(await outcome({ ...location, directoryId: null })).toBe('issuer-mismatch');
  });

  it.each([
    undefined,
    7,
    '',
    'jwks',
    '//127.0.0.1/jwks',
    'file:///etc/passwd',
    'ftp://127.0.0.1/jwks',
    'data:application/json,{}',
    'http://192.0.2.1/jwks',
    'http://localhost.attacker.example/jwks',
    'http://127.0.0.1.attacker.example/jwks',
    'https://user:secret@keys.example/jwks',
  ])('does not follow %p to a key set', async (jwksUri) => {
    const issuer = await startIssuer();
    issuer.pages.set(DISCOVERY, { issuer: issuer.url, jwks_uri: jwksUri });
    expect(await outcome(locate(issuer))).toBe('jwks-address');
  });

  it('speaks plain HTTP to nobody, not even this machine, unless it is allowed', async () => {
    const issuer = await startIssuer();
    expect(await outcome(locate(issuer), source(5_000, false))).toBe('jwks-address');
    expect(issuer.hits.size).toBe(0);
  });

  it('refuses a key set that has moved to another host (F6)', async () => {
    const issuer = await startIssuer();
    expect(await outcome(locate(issuer), source(), 'keys.example')).toBe('jwks-address');
    expect(issuer.hitsOf('/jwks')).toBe(0);
    expect(await outcome(locate(issuer), source(), new URL(issuer.url).host)).toBe('taken');
  });
});

describe("a key set in the operator's own network", () => {
  const location = {
    iss: 'https://idp.example',
    metadataUrl: `https://idp.example${DISCOVERY}`,
    directoryId: null,
    cloudNames: [],
    keySource: { from: 'discovery' },
  } as const;

  it.each([
    ['public', 'private', 'address-refused'],
    ['public', 'loopback', 'address-refused'],
    ['public', 'public', 'taken'],
    ['private', 'private', 'taken'],
    ['private', 'public', 'taken'],
  ] as const)('named by %s metadata at a %s address: %s', async (ofMetadata, ofKeys, expected) => {
    const http = {
      get: ({ pathname }: URL) => {
        const isMetadata = pathname === DISCOVERY;
        const content = isMetadata ? { issuer: location.iss, jwks_uri: 'https://keys.example/jwks' } : { keys: [] };
        const reach = isMetadata ? ofMetadata : ofKeys;
        return Promise.resolve({ contentType: 'application/json', body: Buffer.from(JSON.stringify(content)), reach });
      },
    };
    const policy = { allowLoopbackHttp: false, allowedPrivateAddresses: [], timeoutMs: 1_000, maxBytes: MAX_BYTES };
    expect(await outcome(location, new HttpMetadataSource({ policy, http }))).toBe(expected);
  });
});

describe('CVE-2026-49478 (a redirect swaps the key set)', () => {
  const STATUSES = [301, 302, 303, 307, 308];

  it.each(STATUSES.flatMap((status) => [DISCOVERY, '/jwks'].map((path) => [status, path] as const)))(
    'does not follow a %i of %s',
    async (status, path) => {
      const issuer = await startIssuer();
      const attacker = await startIssuer();
      for (const target of [`${attacker.url}/jwks`, `${issuer.url}/moved`, 'file:///etc/passwd']) {
        issuer.pages.set('/moved', { keys: [ecJwk('k')], issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
        issuer.pages.set(path, (_request: IncomingMessage, response: ServerResponse) => {
          response.writeHead(status, { location: target, 'content-type': 'application/json' }).end('{"keys":[]}');
        });
        expect(await outcome(locate(issuer))).toBe('redirect');
      }
      expect(attacker.hits.size).toBe(0);
      expect(issuer.hitsOf('/moved')).toBe(0);
    },
  );
});
