import { describe, expect, it } from '@jest/globals';
import { hash, X509Certificate } from 'node:crypto';
import type { ClientAuthentication, RegisteredClient } from '#accessors/registration/contract.js';
import { selfSigned } from '../../../test/support/self-signed.js';
import { judgeCertificate } from './certificate-judge.js';
import { distinguishedName, hasName } from './certificate-names.js';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const certificate = new X509Certificate(selfSigned(new Date(NOW)).certificate);
const der = certificate.raw;
const thumbprint = hash('sha256', der, 'base64url');

function client(authentication: Partial<ClientAuthentication>): RegisteredClient {
  const none = { methods: [], keys: [], certificates: [], certificateName: null, federated: [] };
  return {
    clientId: 'orders',
    authentication: { ...none, ...authentication },
    ownPresenters: [],
    listedPresenters: [],
    apiAudiences: [],
    targets: [],
  };
}

const named = client({ methods: ['tls_client_auth'], certificateName: { kind: 'san_dns', value: 'localhost' } });
const printed = client({ methods: ['self_signed_tls_client_auth'], certificates: [thumbprint] });
const REFUSED = { accepted: false, code: 'CLIENT_UNAUTHENTICATED' };

describe('RFC 8705 §2.1: a certificate of a trusted authority', () => {
  it('proves the client whose registered name it has', () => {
    expect(judgeCertificate(named, { der, chainIsTrusted: true }, NOW)).toEqual({ accepted: true, method: 'tls_client_auth' });
  });

  it('proves nothing where nobody trusted vouches for it, whatever name it has', () => {
    expect(judgeCertificate(named, { der, chainIsTrusted: false }, NOW)).toMatchObject(REFUSED);
  });

  it('proves nothing with another name, for a client without a name, or where the method is not listed', () => {
    const shown = { der, chainIsTrusted: true };
    for (const authentication of [
      { methods: ['tls_client_auth'], certificateName: { kind: 'san_dns', value: 'other' } },
      { methods: ['tls_client_auth'], certificateName: { kind: 'san_uri', value: 'localhost' } },
      { methods: ['tls_client_auth'] },
      { methods: ['private_key_jwt'], certificateName: { kind: 'san_dns', value: 'localhost' } },
    ] as const)
      expect(judgeCertificate(client(authentication), shown, NOW)).toMatchObject(REFUSED);
    const { authentication: _none, ...bySecret } = named;
    expect(judgeCertificate(bySecret, shown, NOW)).toMatchObject(REFUSED);
  });
});

describe('RFC 8705 §2.2: a certificate that a client made itself', () => {
  it('proves the client that registered that very one, trusted or not', () => {
    for (const chainIsTrusted of [true, false])
      expect(judgeCertificate(printed, { der, chainIsTrusted }, NOW)).toEqual({
        accepted: true,
        method: 'self_signed_tls_client_auth',
      });
  });

  it('proves nothing of another certificate with the same name', () => {
    const other = new X509Certificate(selfSigned(new Date(NOW)).certificate).raw;
    expect(judgeCertificate(printed, { der: other, chainIsTrusted: true }, NOW)).toMatchObject(REFUSED);
    expect(judgeCertificate(client({ certificates: [thumbprint] }), { der, chainIsTrusted: true }, NOW)).toMatchObject(REFUSED);
  });
});

describe('A certificate of a client', () => {
  it.each([
    ['before it begins', -120_000],
    ['when it has ended', 3_600_000],
  ])('proves nothing %s', (_name, later) => {
    for (const one of [named, printed])
      expect(judgeCertificate(one, { der, chainIsTrusted: true }, NOW + later)).toMatchObject(REFUSED);
  });

  it('is refused, and throws nothing, where it is none', () => {
    for (const wrong of [Buffer.of(), Buffer.from('nothing'), der.subarray(0, 50), Buffer.alloc(70_000)])
      expect(judgeCertificate(printed, { der: wrong, chainIsTrusted: true }, NOW)).toMatchObject(REFUSED);
  });
});

describe('The name of a certificate', () => {
  const has = (
    subjectAltName: string | undefined,
    kind: 'san_dns' | 'san_uri' | 'san_ip' | 'san_email',
    value: string,
  ): boolean => hasName({ subject: '', subjectAltName } as X509Certificate, { kind, value });

  it('is one of those that it has, exactly', () => {
    const names = 'DNS:Orders.Test, URI:spiffe://prod/orders, IP Address:10.0.0.1, email:a@b.test';
    expect(has(names, 'san_dns', 'orders.test')).toBe(true);
    expect(has(names, 'san_uri', 'spiffe://prod/orders')).toBe(true);
    expect(has(names, 'san_ip', '10.0.0.1')).toBe(true);
    expect(has(names, 'san_email', 'a@b.test')).toBe(true);
    expect(has(names, 'san_uri', 'spiffe://PROD/orders')).toBe(false);
    expect(has(names, 'san_email', 'A@b.test')).toBe(false);
    expect(has(names, 'san_dns', 'test')).toBe(false);
    expect(has(undefined, 'san_dns', '')).toBe(false);
  });

  it('with a wildcard is the wildcard and nothing under it', () => {
    expect(has('DNS:*.test', 'san_dns', 'orders.test')).toBe(false);
  });

  it('is a distinguished name in the order of RFC 4514', () => {
    expect(distinguishedName('C=DE\nO=Acme\\, Inc.\nCN=orders')).toBe('CN=orders,O=Acme\\, Inc.,C=DE');
    expect(hasName(certificate, { kind: 'dn', value: 'CN=localhost' })).toBe(true);
    expect(hasName(certificate, { kind: 'dn', value: 'cn=localhost' })).toBe(false);
  });

  describe('CVE-2021-44532: one name that looks like several', () => {
    it.each([
      ['quoted', 'URI:"http://a.test/, DNS:orders.test"'],
      ['quoted with a quote inside', 'URI:"a\\", DNS:orders.test"'],
      ['not closed', 'URI:"a, DNS:orders.test'],
      ['with text behind it', 'URI:"a"x, DNS:orders.test'],
      ['with a stray comma', 'URI:a,b, DNS:orders.test'],
    ])('is not taken apart where it is %s', (_name, names) => {
      expect(has(names, 'san_dns', 'orders.test')).toBe(false);
    });

    it('is no name at all where what comes after it makes no sense', () => {
      expect(has('DNS:orders.test, URI:a"b', 'san_dns', 'orders.test')).toBe(false);
    });

    it('is what it is, whole', () => {
      expect(has('URI:"http://a.test/, DNS:orders.test"', 'san_uri', 'http://a.test/, DNS:orders.test')).toBe(true);
    });
  });
});
