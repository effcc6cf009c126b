import { generateKeyPairSync, sign } from 'node:crypto';

export interface SelfSigned {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate for localhost and 127.0.0.1, good for an hour, made without any tool: X.509 v3 (RFC 5280), ECDSA P-256 or RSA. */
export function selfSigned(now = new Date(), kind: 'ec' | 'rsa' = 'ec'): SelfSigned {
  const { publicKey, privateKey } =
    kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm =
    kind === 'ec' ? sequence(oid('2a8648ce3d040302')) : sequence(oid('2a864886f70d01010b'), tlv(0x05, Buffer.of()));
  const name = sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from('localhost')))));
  const validity = sequence(time(new Date(now.getTime() - 60_000)), time(new Date(now.getTime() + 3_600_000)));
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])));
  const authority = sequence(tlv(0x01, Buffer.from([0xff])));
  const extensions = sequence(
    sequence(oid('551d11'), tlv(0x04, names)),
    sequence(oid('551d13'), tlv(0x01, Buffer.from([0xff])), tlv(0x04, authority)),
  );
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]));
  const der = sequence(toBeSigned, algorithm, signature);
  // No blank line at the end, which some lengths would give: OpenSSL refuses it.
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), value]);
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}
