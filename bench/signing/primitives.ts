/** Every way in which Node can make and check the signature of each algorithm, without anything of ours around it. */
import {
  constants,
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactSign, compactVerify } from 'jose';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import { joseSignature } from '../floors/floor.exchange.js';

export interface Primitive {
  readonly name: string;
  /** Whether it may be taken for the hot path: it answers what a JWS needs, and the library is not a second verifier of ours. */
  readonly bare: boolean;
  run(): unknown;
}

export interface Primitives {
  readonly sign: readonly Primitive[];
  readonly verify: readonly Primitive[];
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const signLater = promisify(sign);
const raw = { dsaEncoding: 'ieee-p1363' } as const;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } as const;
const rsaIdentifier = Buffer.from('300d06092a864886f70d0101010500', 'hex');
const pssIdentifier = Buffer.from(
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500' +
    'a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  'hex',
);

/** The primitives over one signing input, which is as long as that of a token. */
export async function primitivesOf(algorithm: SigningAlgorithm, input: string): Promise<Primitives> {
  const ours = ownPrimitives(algorithm, Buffer.from(input, 'latin1'));
  const { privateKey, publicKey } = pairOf(algorithm);
  const payload = Buffer.from(input.slice(input.indexOf('.') + 1), 'base64url');
  const byJose = (): Promise<string> => new CompactSign(payload).setProtectedHeader({ alg: algorithm }).sign(privateKey);
  const signed = await byJose();
  return {
    sign: [...ours.sign, { name: 'jose', bare: false, run: byJose }],
    verify: [...ours.verify, { name: 'jose', bare: false, run: () => compactVerify(signed, publicKey) }],
  };
}

/** Every token carries a sealed reference to its subject, sealed anew where it changed: AES-256-GCM over as much text, each time under another IV. */
export function sealPrimitive(): Primitive {
  const key = createSecretKey(randomBytes(32));
  const text = randomBytes(120).toString('base64url');
  const associated = randomBytes(36);
  const iv = randomBytes(12);
  let sealed = 0;
  return {
    name: 'seal of the subject reference',
    bare: false,
    run: () => {
      iv.writeUInt32BE((sealed += 1));
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(associated);
      return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
  };
}

function ownPrimitives(algorithm: SigningAlgorithm, data: Buffer): Primitives {
  switch (algorithm) {
    case 'ES256':
      return es256(data, pairOf(algorithm));
    case 'Ed25519':
      return ed25519(data, pairOf(algorithm));
    case 'RS256':
      return rs256(data, pairOf(algorithm));
    case 'PS256':
      return ps256(data, pairOf(algorithm));
  }
}

/** What OpenSSL makes and takes is DER; a JWS has r and s side by side. The conversion belongs to the primitive. */
function es256(data: Buffer, { privateKey, publicKey }: Pair): Primitives {
  const joined = sign('sha256', data, { key: privateKey, ...raw });
  return {
    sign: [
      bare('sign(key), converted from DER', () => joseSignature(sign('sha256', data, privateKey))),
      bare('sign({ key, dsaEncoding })', () => sign('sha256', data, { key: privateKey, ...raw })),
      bare('createSign, converted from DER', () => joseSignature(createSign('sha256').update(data).sign(privateKey))),
      bare('sign(key), thread pool', async () => joseSignature(await signLater('sha256', data, privateKey))),
    ],
    verify: [
      bare('verify(key), converted to DER', () => verify('sha256', data, publicKey, derSignature(joined))),
      bare('verify({ key, dsaEncoding })', () => verify('sha256', data, { key: publicKey, ...raw }, joined)),
      bare('createVerify, converted to DER', () => createVerify('sha256').update(data).verify(publicKey, derSignature(joined))),
    ],
  };
}

function ed25519(data: Buffer, { privateKey, publicKey }: Pair): Primitives {
  const signature = sign(null, data, privateKey);
  return {
    sign: [
      bare('sign(key)', () => sign(null, data, privateKey)),
      bare('sign({ key })', () => sign(null, data, { key: privateKey })),
      bare('sign(key), thread pool', () => signLater(null, data, privateKey)),
    ],
    verify: [
      bare('verify(key)', () => verify(null, data, publicKey, signature)),
      bare('verify({ key })', () => verify(null, data, { key: publicKey }, signature)),
    ],
  };
}

function rs256(data: Buffer, { privateKey, publicKey }: Pair): Primitives {
  const signature = sign('sha256', data, privateKey);
  return {
    sign: [
      bare('sign(key)', () => sign('sha256', data, privateKey)),
      bare('sign({ key })', () => sign('sha256', data, { key: privateKey })),
      bare('createSign', () => createSign('sha256').update(data).sign(privateKey)),
      bare('sign(key), thread pool', () => signLater('sha256', data, privateKey)),
    ],
    verify: [
      bare('verify(key)', () => verify('sha256', data, publicKey, signature)),
      bare('verify({ key })', () => verify('sha256', data, { key: publicKey }, signature)),
      bare('createVerify', () => createVerify('sha256').update(data).verify(publicKey, signature)),
    ],
  };
}

/** A key of the type `rsa-pss` carries its parameters, so that it can be handed over bare; the signature is the same. */
function ps256(data: Buffer, { privateKey, publicKey }: Pair): Primitives {
  const own = asPss({ privateKey, publicKey });
  const signature = sign('sha256', data, { key: privateKey, ...pss });
  const ownSignature = sign('sha256', data, own.privateKey);
  if (!verify('sha256', data, { key: publicKey, ...pss }, ownSignature)) throw new Error('not the signature of PS256');
  return {
    sign: [
      bare('sign(key of type rsa-pss)', () => sign('sha256', data, own.privateKey)),
      bare('sign({ key, padding, saltLength })', () => sign('sha256', data, { key: privateKey, ...pss })),
      bare('createSign', () =>
        createSign('sha256')
          .update(data)
          .sign({ key: privateKey, ...pss }),
      ),
      bare('sign({ key, … }), thread pool', () => signLater('sha256', data, { key: privateKey, ...pss })),
      bare('sign(key of type rsa-pss), thread pool', () => signLater('sha256', data, own.privateKey)),
    ],
    verify: [
      bare('verify(key of type rsa-pss)', () => verify('sha256', data, own.publicKey, ownSignature)),
      bare('verify({ key, padding, saltLength })', () => verify('sha256', data, { key: publicKey, ...pss }, signature)),
      bare('createVerify', () =>
        createVerify('sha256')
          .update(data)
          .verify({ key: publicKey, ...pss }, signature),
      ),
    ],
  };
}

/** Through PKCS#8 and SPKI and back, as keys of the service come: OpenSSL keeps what it made itself in another form. */
function pairOf(algorithm: SigningAlgorithm): Pair {
  const { privateKey, publicKey } = generated(algorithm);
  return {
    privateKey: createPrivateKey({ key: privateKey.export({ format: 'der', type: 'pkcs8' }), format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: publicKey.export({ format: 'der', type: 'spki' }), format: 'der', type: 'spki' }),
  };
}

/** The same RSA key under another name: its algorithm identifier is exchanged (RFC 4055 §3.1: SHA-256, MGF1 with it, salt of 32). */
function asPss({ privateKey, publicKey }: Pair): Pair {
  const renamed = (der: Buffer): Buffer => {
    const at = der.indexOf(rsaIdentifier);
    const body = Buffer.concat([der.subarray(4, at), pssIdentifier, der.subarray(at + rsaIdentifier.length)]);
    return Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body]);
  };
  const pkcs8 = renamed(privateKey.export({ format: 'der', type: 'pkcs8' }));
  const spki = renamed(publicKey.export({ format: 'der', type: 'spki' }));
  return {
    privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  };
}

function generated(algorithm: SigningAlgorithm): Pair {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function bare(name: string, run: () => unknown): Primitive {
  return { name, bare: true, run };
}

/** Two integers, each as short as DER wants it: no leading zeros but one that keeps it positive. */
function derSignature(joined: Buffer): Buffer {
  const r = derInteger(joined.subarray(0, 32));
  const s = derInteger(joined.subarray(32));
  return Buffer.concat([Buffer.of(0x30, r.length + s.length), r, s]);
}

function derInteger(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const digits = bytes.subarray(from);
  const sign = (digits[0] ?? 0) > 0x7f ? [0] : [];
  return Buffer.from([0x02, digits.length + sign.length, ...sign, ...digits]);
}
