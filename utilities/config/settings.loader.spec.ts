import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Settings } from './contract.js';
import { redactedSettings } from './redacted-settings.js';
import { usualRotation } from './rotation-rules.js';
import { parseSettings } from './settings.loader.js';

let folder = '';
let fileName = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
  fileName = join(folder, 'countersign.yaml');
  for (const name of ['kek', 'cert.pem', 'key.pem']) writeFileSync(join(folder, name), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `
issuer: https://auth.example.com
database: { url: "postgres://app:hunter2@db.internal:5432/countersign" }
keys: { keyEncryptionKeyFile: kek }
`;

interface Refusal {
  readonly code: string;
  readonly lines: readonly string[];
}

function refusalOf(text: string, env: Record<string, string | undefined> = {}, mode: 'serve' | 'dev' = 'serve'): Refusal {
  try {
    parseSettings(text, fileName, env, mode);
  } catch (error) {
    if (isCodedError(error)) return { code: error.code, lines: (error.details.actual ?? '').split('\n').map(short) };
    throw error;
  }
  return { code: 'none', lines: [] };
}
const short = (line: string): string => line.replace(fileName, 'f');
const serve = (text: string): Settings => parseSettings(text, fileName, {}, 'serve');

describe('settings file: defaults', () => {
  it('fills in everything that has a default and finds other files beside itself', () => {
    expect(serve(GOOD)).toEqual({
      issuer: 'https://auth.example.com',
      http: { host: '127.0.0.1', port: 8080, tls: null, certificateProxies: null },
      grpc: { host: '127.0.0.1', port: 50_051, tls: null, certificateProxies: null, reflection: false },
      grpcConnections: expect.objectContaining({
        keepaliveSeconds: 60,
        maxAgeSeconds: 1_200,
        maxStreams: 1_000,
        keyWatchers: 256,
      }),
      behindProxy: false,
      database: { kind: 'postgres', url: 'postgres://app:hunter2@db.internal:5432/countersign', poolSize: 10 },
      keys: {
        keyEncryptionKeyFile: join(folder, 'kek'),
        floorFile: join(folder, 'keyring-floor'),
        algorithms: ['ES256'],
        rotation: usualRotation(),
      },
      tokens: { lifetimeSeconds: 600 },
      policy: { fourEyes: false },
      log: { level: 'info' },
      outbound: { allowLoopbackHttp: false, allowedPrivateAddresses: [] },
      directories: [],
      factSources: [],
      grants: { replayWhenStoreIsAway: 'refuse', dpopNonces: 'off' },
      audit: { retentionDays: null, anchor: { file: null, url: null, bearerFile: null }, spool: null },
      limits: { concurrentRequests: 256, perClientPerSecond: 1_000, perIssuerPerSecond: null },
      authzen: { tenant: null, searches: ['action', 'resource', 'subject'] },
      drainSeconds: 5,
    });
  });

  it('takes certificates from beside itself', () => {
    const { http } = serve(`${GOOD}http: { host: 0.0.0.0, tls: { certFile: cert.pem, keyFile: ./key.pem } }`);
    expect(http).toEqual({
      host: '0.0.0.0',
      port: 8080,
      tls: {
        certFile: join(folder, 'cert.pem'),
        keyFile: join(folder, 'key.pem'),
        clientCertificates: 'none',
        clientCaFile: null,
      },
      certificateProxies: null,
    });
  });

  it('lets DATABASE_URL of the environment win, or stand alone; an empty one does not count', () => {
    const env = { DATABASE_URL: 'postgresql://other@h/db' };
    expect(parseSettings(GOOD, fileName, env, 'serve').database).toMatchObject({ url: env.DATABASE_URL });
    const without = 'issuer: https://a.example\nkeys: { keyEncryptionKeyFile: kek }';
    expect(parseSettings(without, fileName, env, 'serve').database).toMatchObject({ kind: 'postgres', poolSize: 10 });
    expect(refusalOf(without, { DATABASE_URL: '' }).lines).toEqual([
      'f: database.url: missing: set it, or the environment variable DATABASE_URL',
    ]);
  });

  it('takes the way past a pooler from the file or the environment, and hides its password too', () => {
    const withDirect = GOOD.replace('database: { ', 'database: { directUrl: "postgres://app:hunter2@direct/db", ');
    const settings = serve(withDirect);
    expect(settings.database).toMatchObject({ directUrl: 'postgres://app:hunter2@direct/db' });
    expect(redactedSettings(settings).database).toMatchObject({ directUrl: 'postgres://app:***@direct/db' });
    const env = { DATABASE_DIRECT_URL: 'postgres://owner@other/db' };
    expect(parseSettings(withDirect, fileName, env, 'serve').database).toMatchObject({ directUrl: env.DATABASE_DIRECT_URL });
    expect(refusalOf(GOOD, { DATABASE_DIRECT_URL: 'mysql://h' }).lines).toEqual([
      'f: environment variable DATABASE_DIRECT_URL: expected a PostgreSQL URL, postgres://user@host:5432/name',
    ]);
  });

  it('in development needs no more than an issuer, and takes the embedded database', () => {
    const settings = parseSettings('issuer: http://127.0.0.1:8080', fileName, {}, 'dev');
    expect(settings.database).toEqual({ kind: 'embedded', directory: join(folder, '.countersign/data') });
    const inMemory =
      'issuer: http://localhost:8080\ndatabase: { embedded: { directory: null } }\noutbound: { allowLoopbackHttp: true }';
    expect(parseSettings(inMemory, fileName, {}, 'dev').database).toEqual({ kind: 'embedded', directory: null });
  });

  it('reads JSON too', () => {
    const json = JSON.stringify({
      issuer: 'https://a.example',
      database: { url: 'postgres://h/d' },
      keys: { keyEncryptionKeyFile: 'kek' },
    });
    expect(serve(json).issuer).toBe('https://a.example');
  });
});

describe('settings file: faults', () => {
  it('lists every fault at once, with its line', () => {
    const refusal = refusalOf(
      [
        'issuer: https://auth.example.com/',
        'htpt: { port: 1 }',
        'http:',
        '  host: 0.0.0.0',
        '  prot: 70000',
        'grpc:',
        '  host: 10.0.0.1',
        'tokens: { lifetimeSeconds: 60 }',
        'log: { level: loud }',
        'outbound: { allowLoopbackHttp: true }',
        'drainSeconds: "5"',
      ].join('\n'),
    );
    expect(refusal.code).toBe('CONFIG_INVALID');
    expect([...refusal.lines].sort()).toEqual(
      [
        'f:1: issuer: expected an https URL in its canonical spelling, without query, fragment and trailing slash (http on loopback alone)',
        'f:2: htpt: unknown member; did you mean http?',
        'f:5: http.prot: unknown member; did you mean port?',
        'f:7: grpc.host: plaintext on 10.0.0.1; expected tls, a loopback address or behindProxy: true',
        'f:8: tokens.lifetimeSeconds: expected 300 to 900; if another lifetime is meant, say so with tokens.unusualLifetime: true',
        'f:9: log.level: Invalid option: expected one of "debug"|"info"|"warn"|"error"|"silent"',
        'f:10: outbound.allowLoopbackHttp: this switch is for development; expected false',
        'f:11: drainSeconds: Invalid input: expected number, received string',
        'f: database.url: missing: set it, or the environment variable DATABASE_URL',
        'f: keys.keyEncryptionKeyFile: missing',
      ].sort(),
    );
  });

  it.each([
    ['a duplicate member', `${GOOD}issuer: https://auth.example.com`],
    ['a duplicate member deeper down', `${GOOD}http: { port: 1, port: 2 }`],
    ['a tag that would run code', GOOD.replace('https:', '!!js/function https:')],
    ['an unknown tag', GOOD.replace('https:', '!secret https:')],
    ['broken YAML', `${GOOD}http: [`],
    ['two documents', `${GOOD}---${GOOD}`],
    ['an alias of nothing', `${GOOD}http: *nobody`],
    ['a list', '- issuer'],
    ['text', 'issuer'],
    ['a merge key', `${GOOD}http: &http { port: 1 }\ngrpc: { <<: *http }`],
  ])('refuses %s', (_, text) => {
    expect(refusalOf(text).code).toBe('CONFIG_INVALID');
  });

  it('refuses aliases that grow into gigabytes', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 0; level < 8; level++)
      bomb.push(`b${level}: &b${level} [${`*${level === 0 ? 'a' : `b${level - 1}`}, `.repeat(9)}]`);
    expect(refusalOf(bomb.join('\n'))).toEqual({ code: 'CONFIG_INVALID', lines: ['f: too many aliases'] });
  });

  it('an empty file lacks what has no default', () => {
    expect(refusalOf('').lines[0]).toContain('issuer');
    expect(refusalOf('').lines).toHaveLength(3);
  });

  it.each(['__proto__', 'constructor', 'toString'])('knows no member %s', (name) => {
    expect(refusalOf(`${GOOD}${name}: { x: 1 }`)).toEqual({ code: 'CONFIG_INVALID', lines: [`f:5: ${name}: unknown member`] });
  });

  it.each([
    'http://auth.example.com',
    'https://auth.example.com/',
    'https://auth.example.com/sts/',
    'https://auth.example.com?x=1',
    'https://auth.example.com?',
    'https://auth.example.com#',
    'https://AUTH.example.com',
    'https://auth.example.com:443',
    'https://user:pw@auth.example.com',
    'https://auth.example.com/a/../b',
    'ftp://auth.example.com',
    'http://127.0.0.1.example.com',
    'auth.example.com',
  ])('refuses the issuer %s', (issuer) => {
    expect(refusalOf(GOOD.replace('https://auth.example.com', issuer)).code).toBe('CONFIG_INVALID');
  });

  it.each(['https://auth.example.com/sts', 'https://auth.example.com:8443', 'http://localhost:8080', 'http://[::1]:8080'])(
    'accepts the issuer %s',
    (issuer) => {
      expect(serve(GOOD.replace('https://auth.example.com', issuer)).issuer).toBe(issuer);
    },
  );

  it('an unusual lifetime must be said twice', () => {
    expect(refusalOf(`${GOOD}tokens: { lifetimeSeconds: 901 }`).code).toBe('CONFIG_INVALID');
    expect(refusalOf(`${GOOD}tokens: { lifetimeSeconds: 299 }`).code).toBe('CONFIG_INVALID');
    expect(serve(`${GOOD}tokens: { lifetimeSeconds: 3600, unusualLifetime: true }`).tokens).toEqual({ lifetimeSeconds: 3600 });
    expect(serve(`${GOOD}tokens: { lifetimeSeconds: 300 }`).tokens).toEqual({ lifetimeSeconds: 300 });
    expect(serve(`${GOOD}tokens: { lifetimeSeconds: 900 }`).tokens).toEqual({ lifetimeSeconds: 900 });
  });

  it('names the certificate file that is not there', () => {
    expect(refusalOf(`${GOOD}grpc: { tls: { certFile: cert.pem, keyFile: gone.pem } }`)).toEqual({
      code: 'CONFIG_INVALID',
      lines: ['f:5: grpc.tls.keyFile: there is no readable file of this name'],
    });
  });

  it('takes one database, not two', () => {
    const two = `issuer: https://a.example\ndatabase: { url: "postgres://h/d", embedded: { directory: x } }`;
    expect(refusalOf(two, {}, 'dev').lines).toEqual(['f:2: database: expected either url or embedded, not both']);
  });

  it('never repeats a value, which may be a secret', () => {
    const refusals = [
      refusalOf(`${GOOD.replace('postgres://app', 'hunter2://app')}password: hunter2\nlog: { level: hunter2 }`),
      refusalOf(GOOD, { DATABASE_URL: 'hunter2' }),
    ];
    for (const { code, lines } of refusals) {
      expect(code).toBe('CONFIG_INVALID');
      expect(lines.join()).not.toContain('hunter2');
    }
  });
});

describe('settings file: what serve refuses by a code of its own', () => {
  it.each([
    '0.0.0.0',
    '::',
    '10.1.2.3',
    '127.1',
    '::ffff:127.0.0.1',
    '127.0.0.1.example.com',
    'auth.example.com',
    'localhost.example.com',
  ])('plaintext on %s', (host) => {
    const plain = `${GOOD}http: { host: "${host}" }`;
    expect(refusalOf(plain).code).toBe('CONFIG_PLAINTEXT_REFUSED');
    expect(serve(`${plain}\nbehindProxy: true`).http.host).toBe(host);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('but not on %s', (host) => {
    expect(serve(`${GOOD}grpc: { host: "${host}" }`).grpc.host).toBe(host);
  });

  it('one port with a certificate does not excuse the other', () => {
    const text = `${GOOD}http: { host: 0.0.0.0, tls: { certFile: cert.pem, keyFile: key.pem } }\ngrpc: { host: 0.0.0.0 }`;
    expect(refusalOf(text)).toMatchObject({ code: 'CONFIG_PLAINTEXT_REFUSED', lines: [expect.stringContaining('grpc.host')] });
  });

  it('parts made for development', () => {
    expect(refusalOf(`${GOOD}outbound: { allowLoopbackHttp: true }`).code).toBe('DEVKIT_REFUSED');
    const embedded =
      'issuer: https://a.example\nkeys: { keyEncryptionKeyFile: kek }\ndatabase: { embedded: { directory: null } }';
    expect(refusalOf(embedded).code).toBe('DEVKIT_REFUSED');
    expect(refusalOf(embedded, { DATABASE_URL: 'postgres://h/d' }).code).toBe('DEVKIT_REFUSED');
  });

  it('a key-encryption key that is not there', () => {
    expect(refusalOf(GOOD.replace('kek', 'gone')).code).toBe('KEY_ENCRYPTION_KEY_MISSING');
    expect(refusalOf(GOOD.replace('{ keyEncryptionKeyFile: kek }', '{}')).code).toBe('KEY_ENCRYPTION_KEY_MISSING');
  });
});

describe('showing settings', () => {
  const shown = (url: string): string => {
    const { database } = redactedSettings({ ...serve(GOOD), database: { kind: 'postgres', url, poolSize: 1 } });
    return database.kind === 'postgres' ? database.url : '';
  };

  it('hides the password of the database wherever it stands, and nothing else', () => {
    expect(shown('postgres://app:hunter2@db:5432/x')).toBe('postgres://app:***@db:5432/x');
    expect(shown('postgres://db/x?user=app&password=hunter2&sslmode=require')).toBe(
      'postgres://db/x?user=app&password=***&sslmode=require',
    );
    expect(shown('postgres://app@db/x')).toBe('postgres://app@db/x');
    expect(shown('hunter2')).toBe('***');
    const settings = serve(GOOD);
    expect(redactedSettings(settings)).toEqual({
      ...settings,
      database: { ...settings.database, url: shown('postgres://app:hunter2@db.internal:5432/countersign') },
    });
  });

  const DIRECTORY = `${GOOD}directories: [{ issuer: contoso, tenantId: 1F0C2A4E-6b7d-4c3a-9e5f-0a1b2c3d4e5f, `;
  const CLIENT = 'clientId: 6e74172b-be56-4843-9ff4-e66a39bb12e3';

  it('reads directories, and finds the files of their credentials beside itself', () => {
    const { directories } = serve(
      `${DIRECTORY}${CLIENT}, credential: { kind: certificateFile, certFile: cert.pem, keyFile: key.pem } }]`,
    );
    expect(directories).toEqual([
      {
        issuer: 'contoso',
        cloud: 'public',
        tenantId: '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f',
        clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        credential: { kind: 'certificateFile', certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') },
        mode: 'application',
        caFile: null,
      },
    ]);
    const identity = serve(`${DIRECTORY}credential: { kind: managedIdentity }, caFile: cert.pem }]`).directories[0];
    expect(identity).toMatchObject({ clientId: null, caFile: join(folder, 'cert.pem') });
  });

  it.each([
    ['a secret written where the name of its file belongs', `${CLIENT}, credential: { kind: secretFile, secret: hunter2 } }]`],
    ['a credential without an app registration', 'credential: { kind: secretFile, file: kek } }]'],
    ['a file that is not there', `${CLIENT}, credential: { kind: federatedTokenFile, file: absent } }]`],
    ['a managed identity on behalf of others', 'credential: { kind: managedIdentity }, mode: onBehalfOf }]'],
    [
      'a login host over plain HTTP',
      'cloud: { loginBase: "http://127.0.0.1", graphBase: "https://g" }, credential: { kind: managedIdentity } }]',
    ],
    [
      'two entries for one tenant',
      `credential: { kind: managedIdentity } }, { issuer: contoso, tenantId: 1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f, credential: { kind: managedIdentity } }]`,
    ],
  ])('refuses %s in a directory', (_, rest) => {
    const { code, lines } = refusalOf(`${DIRECTORY}${rest}`);
    expect(code).toBe('CONFIG_INVALID');
    expect(lines.every((line) => line.includes('directories['))).toBe(true);
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('settings file: private addresses of identity providers', () => {
  const read = (cidr: string): readonly string[] =>
    serve(`${GOOD}outbound: { allowedPrivateAddresses: ["${cidr}"] }`).outbound.allowedPrivateAddresses;

  it.each(['10.20.0.0/16', '10.0.0.0/8', '172.31.255.0/24', '192.168.1.7/32', '100.64.0.0/10', 'fd12:3456::/48'])(
    'may be %s',
    (cidr) => {
      expect(read(cidr)).toEqual([cidr]);
    },
  );

  it.each([
    '0.0.0.0/0',
    '10.0.0.0/7',
    '127.0.0.0/8',
    '169.254.169.254/32',
    '172.0.0.0/8',
    '8.8.8.8/32',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '010.0.0.0/8',
    '::/0',
    'fe80::/10',
    '::1/128',
    '::ffff:10.0.0.0/104',
    'intranet.example/8',
    '',
  ])('may not be %j', (cidr) => {
    expect(refusalOf(`${GOOD}outbound: { allowedPrivateAddresses: ["${cidr}"] }`).code).toBe('CONFIG_INVALID');
  });
});
