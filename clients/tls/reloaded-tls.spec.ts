import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { authority, selfSigned, type SelfSigned } from '../../test/support/self-signed.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import type { TlsContext } from './contract.js';
import { ReloadedTls } from './reloaded-tls.js';

const folder = mkdtempSync(join(tmpdir(), 'reloaded-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const settings = {
  certFile: file('cert.pem'),
  keyFile: file('key.pem'),
  clientCertificates: 'request',
  clientCaFile: file('ca.pem'),
} as const;

const [first, second] = [selfSigned(), selfSigned()];
const [one, other] = [authority(), authority()];

describe('Certificates that change', () => {
  let logger: SilentLogger;
  let taken: TlsContext[];
  let tls: ReloadedTls;

  const put = (pair: SelfSigned, ca: string | null = one.certificate): void => {
    writeFileSync(settings.certFile, pair.certificate);
    writeFileSync(settings.keyFile, pair.privateKey);
    if (ca !== null) writeFileSync(settings.clientCaFile, ca);
  };
  const events = (): string[] => logger.lines.map(({ event }) => event);

  beforeEach(() => {
    logger = new SilentLogger();
    taken = [];
    put(first);
    tls = new ReloadedTls({ listener: 'http', settings, logger });
    tls.onChange((options) => taken.push(options));
  });

  it('are taken when they change, and not before', async () => {
    await tls.reload();
    expect(taken).toEqual([]);
    put(second);
    await tls.reload();
    expect(taken).toMatchObject([{ cert: Buffer.from(second.certificate), minVersion: 'TLSv1.2' }]);
    put(second, other.certificate);
    await tls.reload();
    expect(taken[1]).toMatchObject({ ca: [Buffer.from(other.certificate)] });
    expect(events()).toEqual(['tls.reloaded', 'tls.reloaded']);
    await tls.reload();
    expect(taken).toHaveLength(2);
  });

  it.each<[string, () => void]>([
    ['a key that is not of the certificate', () => writeFileSync(settings.certFile, second.certificate)],
    ['half a file', () => writeFileSync(settings.certFile, first.certificate.slice(0, 200))],
    ['an empty file', () => writeFileSync(settings.keyFile, '')],
    ['authorities that are none', () => writeFileSync(settings.clientCaFile, 'x')],
    ['a missing file', () => rmSync(settings.keyFile)],
  ])('stay as they were where there is %s, which is logged once and with what to do', async (_what, harm) => {
    harm();
    await tls.reload();
    await tls.reload();
    expect(taken).toEqual([]);
    expect(logger.lines).toMatchObject([
      {
        level: 'error',
        event: 'tls.not_reloaded',
        fields: { listener: 'http', reason: expect.any(String), remedy: expect.stringContaining(settings.certFile) },
      },
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('PRIVATE KEY');
    put(second);
    await tls.reload();
    expect(taken).toHaveLength(1);
  });

  it('are not taken back by putting the old ones into place', async () => {
    writeFileSync(settings.certFile, second.certificate);
    await tls.reload();
    put(first);
    await tls.reload();
    expect(taken).toEqual([]);
    writeFileSync(settings.certFile, second.certificate);
    await tls.reload();
    expect(events()).toEqual(['tls.not_reloaded', 'tls.not_reloaded']);
  });

  it('refuse the start where they are not good to begin with', () => {
    writeFileSync(settings.keyFile, second.privateKey);
    expect(() => new ReloadedTls({ listener: 'http', settings, logger })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('let nobody vouch for clients where no authority is named', async () => {
    const alone = new ReloadedTls({ listener: 'grpc', settings: { ...settings, clientCaFile: null }, logger });
    expect(alone.current).toMatchObject({ ca: [] });
    expect(alone.handshake).toEqual({ requestCert: true, rejectUnauthorized: false });
  });
});
