import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface SelfSigned {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who signs a certificate: itself, where left out. */
export interface Authority {
  readonly name: string;
  readonly key: KeyObject;
}

export interface CertificateWish {
  readonly now?: Date;
  readonly kind?: 'ec' | 'rsa';
  /** Common name. */
  readonly name?: string;
  readonly authority?: Authority;
}

/** A certificate for localhost and 127.0.0.1, good for an hour, made without any tool: X.509 v3 (RFC 5280), ECDSA P-256 or RSA. */
export function selfSigned(now = new Date(), kind: 'ec' | 'rsa' = 'ec'): SelfSigned {
  return certificateOf({ now, kind });
}

/** An authority, and what it vouches for. */
export function authority(name = 'test authority'): SelfSigned & Authority {
  const made = certificateOf({ name });
  return { ...made, name, key: createPrivateKey(made.privateKey) };
}

/** As `selfSigned`, signed by somebody else where one is named. */
export function certificateOf({
  now = new Date(),
  kind = 'ec',
  name = 'localhost',
  authority,
}: CertificateWish = {}): SelfSigned {
  const { publicKey, privateKey } =
    kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signingKey = authority?.key ?? privateKey;
  const algorithm = algorithmOf(signingKey);
  const validity = sequence(time(new Date(now.getTime() - 60_000)), time(new Date(now.getTime() + 3_600_000)));
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(authority?.name ?? name),
    validity,
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensionsOf(authority === undefined)),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, signingKey)]));
  const der = sequence(toBeSigned, algorithm, signature);
  // No blank line at the end, which some lengths would give: OpenSSL refuses it.
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function algorithmOf({ asymmetricKeyType }: KeyObject): Buffer {
  return asymmetricKeyType === 'ec'
    ? sequence(oid('2a8648ce3d040302'))
    : sequence(oid('2a864886f70d01010b'), tlv(0x05, Buffer.of()));
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
}

function extensionsOf(isAuthority: boolean): Buffer {
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])));
  const basic = isAuthority ? sequence(tlv(0x01, Buffer.from([0xff]))) : sequence();
  return sequence(
    sequence(oid('551d11'), tlv(0x04, names)),
    sequence(oid('551d13'), tlv(0x01, Buffer.from([0xff])), tlv(0x04, basic)),
  );
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
