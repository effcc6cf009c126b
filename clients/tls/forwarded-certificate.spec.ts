import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { selfSigned } from '../../test/support/self-signed.js';
import { ForwardedCertificates } from './forwarded-certificate.js';

const der = new X509Certificate(selfSigned().certificate).raw;
const HEADER = `:${der.toString('base64')}:`;
const listed = new ForwardedCertificates({ addresses: ['10.0.0.0/24', 'fd00::/8'], checksChain: false });

describe('RFC 9440: a certificate in a header', () => {
  it.each(['10.0.0.9', '::ffff:10.0.0.9', 'fd00::1'])('counts from a listed proxy at %s', (address) => {
    const certificate = listed.read(HEADER, address);
    expect(Buffer.from(certificate.der).equals(der)).toBe(true);
    expect(certificate.chainIsTrusted).toBe(false);
    expect(
      new ForwardedCertificates({ addresses: ['10.0.0.0/24', 'fd00::/8'], checksChain: true }).read(HEADER, address),
    ).toMatchObject({
      chainIsTrusted: true,
    });
  });

  it.each(['10.0.1.9', '127.0.0.1', '::1', '::ffff:10.0.1.9', 'fe80::1', 'nonsense', '', undefined])(
    'is refused from %s',
    (address) => {
      expect(() => listed.read(HEADER, address)).toThrow(expect.objectContaining({ code: 'CLIENT_CERTIFICATE_NOT_TAKEN' }));
      expect(() => new ForwardedCertificates(null).read(HEADER, address)).toThrow(
        expect.objectContaining({ code: 'CLIENT_CERTIFICATE_NOT_TAKEN' }),
      );
    },
  );

  it.each([
    ['nothing', ''],
    ['no byte sequence', der.toString('base64')],
    ['two of them', `${HEADER}, ${HEADER}`],
    ['parameters', `${HEADER};a=1`],
    ['base64url', `:${der.toString('base64url')}:`],
    ['no certificate', `:${Buffer.from('x').toString('base64')}:`],
    ['something behind the certificate', `:${Buffer.concat([der, Buffer.from([0])]).toString('base64')}:`],
    ['PEM', `:${Buffer.from(selfSigned().certificate).toString('base64')}:`],
    ['far too much', `:${'A'.repeat(20_000)}:`],
  ])('is refused with %s in it, also from a listed proxy', (_what, header) => {
    expect(() => listed.read(header, '10.0.0.9')).toThrow(expect.objectContaining({ code: 'REQUEST_PARAMETER_INVALID' }));
  });
});
