import {
  constants,
  createECDH,
  createHash,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Signatures over a digest that the caller has computed, as the service takes them. `node:crypto` hashes by itself and offers
 * no such thing, so that the padding is done here. For a stand-in: it is not made to keep secrets.
 */
export type DigestAlgorithm = 'RS256' | 'PS256' | 'ES256';

// RFC 8017 §9.2: DigestInfo of SHA-256, without the digest.
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const HASH = 32;
const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

export function signDigest(algorithm: DigestAlgorithm, key: KeyObject, digest: Buffer): Buffer {
  if (algorithm === 'ES256') return signEcdsa(key, digest);
  if (algorithm === 'RS256') return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, withInfo(digest));
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(digest, bitsOf(key)));
}

/** `key` is the private key: the stand-in has it, and for ECDSA it is the short way. */
export function verifyDigest(algorithm: DigestAlgorithm, key: KeyObject, given: { digest: Buffer; signature: Buffer }): boolean {
  if (algorithm === 'ES256') return verifyEcdsa(key, given.digest, given.signature);
  try {
    const publicKey = createPublicKey(key);
    if (algorithm === 'RS256') {
      const opened = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, given.signature);
      return isEqual(opened, withInfo(given.digest));
    }
    const encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, given.signature);
    return isPss(encoded, given.digest, bitsOf(key));
  } catch {
    return false;
  }
}

/** RFC 8017 §9.1.1 with SHA-256, MGF1 and a salt of 32 bytes. */
function encodePss(digest: Buffer, bits: number): Buffer {
  const salt = randomBytes(HASH);
  const hash = pssHash(digest, salt);
  const length = bits / 8;
  const block = Buffer.concat([Buffer.alloc(length - 2 * HASH - 2), Buffer.from([1]), salt]);
  const masked = xor(block, mask(hash, block.length));
  clearTopBit(masked);
  return Buffer.concat([masked, hash, Buffer.from([0xbc])]);
}

/** RFC 8017 §9.1.2. */
function isPss(encoded: Buffer, digest: Buffer, bits: number): boolean {
  const blockLength = bits / 8 - HASH - 1;
  if (encoded.length !== bits / 8 || encoded.at(-1) !== 0xbc) return false;
  const hash = encoded.subarray(blockLength, blockLength + HASH);
  const block = xor(encoded.subarray(0, blockLength), mask(hash, blockLength));
  clearTopBit(block);
  const saltAt = blockLength - HASH;
  if (block[saltAt - 1] !== 1 || block.subarray(0, saltAt - 1).some((byte) => byte !== 0)) return false;
  return isEqual(hash, pssHash(digest, block.subarray(saltAt)));
}

function pssHash(digest: Buffer, salt: Buffer): Buffer {
  return createHash('sha256')
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
}

/** MGF1, RFC 8017 appendix B.2.1. */
function mask(seed: Buffer, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index * HASH < length; index += 1) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(index);
    parts.push(createHash('sha256').update(seed).update(counter).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** FIPS 186-5 §6.4.1; the fresh point comes from a throw-away key agreement. */
function signEcdsa(key: KeyObject, digest: Buffer): Buffer {
  const secret = scalarOf(key);
  for (;;) {
    const agreement = createECDH('prime256v1');
    agreement.generateKeys();
    const r = toNumber(agreement.getPublicKey().subarray(1, 33)) % P256_ORDER;
    const inverse = invert(toNumber(agreement.getPrivateKey()));
    const s = (inverse * ((toNumber(digest) + r * secret) % P256_ORDER)) % P256_ORDER;
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r), toBytes(s)]);
  }
}

/** With the private key at hand, the one-time number of a good signature can be computed, and its point compared. */
function verifyEcdsa(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  const r = toNumber(signature.subarray(0, 32));
  const s = toNumber(signature.subarray(32));
  if (r === 0n || s === 0n || r >= P256_ORDER || s >= P256_ORDER) return false;
  const once = (invert(s) * ((toNumber(digest) + r * scalarOf(key)) % P256_ORDER)) % P256_ORDER;
  if (once === 0n) return false;
  const agreement = createECDH('prime256v1');
  agreement.setPrivateKey(toBytes(once));
  return toNumber(agreement.getPublicKey().subarray(1, 33)) % P256_ORDER === r;
}

function invert(value: bigint): bigint {
  let [a, b, x, y] = [value % P256_ORDER, P256_ORDER, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b % a, a, y - quotient * x, x];
  }
  return ((x % P256_ORDER) + P256_ORDER) % P256_ORDER;
}

function scalarOf(key: KeyObject): bigint {
  return toNumber(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function withInfo(digest: Buffer): Buffer {
  return Buffer.concat([SHA256_INFO, digest]);
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

/** A modulus has a multiple of eight bits here, so that one bit of the block is not used. */
function clearTopBit(block: Buffer): void {
  block[0] = (block[0] ?? 0) & 0x7f;
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
