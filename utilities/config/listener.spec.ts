import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Settings } from './contract.js';
import { parseSettings } from './settings.loader.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'listeners-'));
  for (const name of ['kek', 'cert.pem', 'key.pem', 'ca.pem']) writeFileSync(join(folder, name), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(http: string): Settings {
  const text = `
issuer: https://auth.example.com
database: { url: "postgres://app@db.internal:5432/countersign" }
keys: { keyEncryptionKeyFile: kek }
http: ${http}`;
  return parseSettings(text, join(folder, 'countersign.yaml'), {}, 'serve');
}

function faultsOf(http: string): string {
  try {
    read(http);
  } catch (error) {
    if (isCodedError(error)) return error.details.actual ?? '';
    throw error;
  }
  return '';
}

const PAIR = 'certFile: cert.pem, keyFile: key.pem';

describe('settings of listeners', () => {
  it('say whether clients are asked for a certificate, and who vouches for it', () => {
    expect(read(`{ tls: { ${PAIR}, clientCertificates: request, clientCaFile: ca.pem } }`).http.tls).toEqual({
      certFile: join(folder, 'cert.pem'),
      keyFile: join(folder, 'key.pem'),
      clientCertificates: 'request',
      clientCaFile: join(folder, 'ca.pem'),
    });
    expect(read(`{ tls: { ${PAIR}, clientCertificates: request } }`).http.tls?.clientCaFile).toBeNull();
  });

  it.each([
    [`{ tls: { ${PAIR}, clientCertificates: require } }`, 'http.tls.clientCaFile: missing: clientCertificates: require needs it'],
    [`{ tls: { ${PAIR}, clientCaFile: ca.pem } }`, 'http.tls.clientCertificates: expected request or require'],
    [`{ tls: { ${PAIR}, clientCertificates: request, clientCaFile: gone.pem } }`, 'http.tls.clientCaFile: there is no readable'],
    [`{ tls: { ${PAIR}, clientCertificates: always } }`, 'http.tls.clientCertificates'],
    [`{ certificateProxies: { addresses: [] } }`, 'http.certificateProxies.addresses'],
    [`{ certificateProxies: { addresses: [10.0.0.1] } }`, 'expected an address range in CIDR notation'],
    [`{ certificateProxies: { addresses: [10.0.0.0/33] } }`, 'expected an address range in CIDR notation'],
    [`{ certificateProxies: { addresses: [proxy.internal/24] } }`, 'expected an address range in CIDR notation'],
  ])('refuse %s', (http, expected) => {
    expect(faultsOf(http)).toContain(expected);
  });

  it('name the proxies whose header counts', () => {
    expect(read('{ certificateProxies: { addresses: [10.0.0.0/24, "fd00::/8"] } }').http.certificateProxies).toEqual({
      addresses: ['10.0.0.0/24', 'fd00::/8'],
      checksChain: false,
    });
  });
});
