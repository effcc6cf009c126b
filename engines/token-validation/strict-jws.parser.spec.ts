import { describe, expect, it } from '@jest/globals';
import { encoded } from '../../test/vectors/token-factory.js';
import { StrictJwsParser } from './strict-jws.parser.js';

const parser = new StrictJwsParser();
const HEADER = { alg: 'RS256', kid: 'k', typ: 'JWT' };
const compact = (header: unknown, payload: unknown, signature = 'c2ln'): string =>
  `${encoded(header)}.${encoded(payload)}.${signature}`;

function faultOf(token: string): { code: string; actual: string; remedy?: string } {
  const parsed = parser.parse(token);
  if (parsed.ok) throw new Error('the token was accepted');
  return parsed.fault;
}

describe('The strict JWS parser', () => {
  it('reads the parts of a compact JWS', () => {
    const token = compact(HEADER, { sub: 'alice' });
    expect(parser.parse(token)).toEqual({
      ok: true,
      jws: {
        header: { members: HEADER, algorithm: 'RS256', keyId: 'k', type: 'jwt', forbidden: null },
        signingInput: token.slice(0, token.lastIndexOf('.')),
        signature: Buffer.from('sig'),
        claims: { sub: 'alice' },
      },
    });
  });

  it('keeps nothing of one token in the next, nor lets the next one change it', () => {
    const first = parser.parse(compact(HEADER, { sub: 'alice', pad: 'x'.repeat(500) }, encoded('a signature of its own')));
    const second = parser.parse(compact(HEADER, { sub: 'bob' }, encoded('sig')));
    expect(first).toMatchObject({ jws: { claims: { sub: 'alice' }, signature: Buffer.from('a signature of its own') } });
    expect(second).toMatchObject({ jws: { claims: { sub: 'bob' }, signature: Buffer.from('sig') } });
    expect(second.ok && second.jws.signature.length).toBe(3);
  });

  it('compares typ without case and without application/', () => {
    for (const [typ, type] of [
      ['at+JWT', 'at+jwt'],
      ['application/at+jwt', 'at+jwt'],
      ['APPLICATION/AT+JWT', 'at+jwt'],
    ]) {
      expect(parser.parse(compact({ alg: 'a', typ }, {}))).toMatchObject({ jws: { header: { type } } });
    }
  });

  it('ignores header names that it does not know (RFC 7515 §4)', () => {
    expect(parser.parse(compact({ ...HEADER, x5t: 'a', 'https://x.example': 1 }, {})).ok).toBe(true);
  });

  it.each(['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'])(
    'reports the header member %s, whatever its value',
    (name) => {
      for (const value of [null, false, '', [], {}, 'x']) {
        expect(parser.parse(compact({ ...HEADER, [name]: value }, {}))).toMatchObject({ jws: { header: { forbidden: name } } });
      }
    },
  );

  it('takes alg, kid and typ for absent where they are not strings', () => {
    expect(parser.parse(compact({ alg: ['RS256'], kid: 1, typ: null }, {}))).toMatchObject({
      jws: { header: { algorithm: null, keyId: null, type: null } },
    });
  });

  it('keeps no header from one token to another that differs', () => {
    const first = parser.parse(compact({ ...HEADER, kid: 'one' }, {}));
    const again = parser.parse(compact({ ...HEADER, kid: 'one' }, { other: 1 }));
    const second = parser.parse(compact({ ...HEADER, kid: 'two' }, {}));
    expect(first).toMatchObject({ jws: { header: { keyId: 'one' } } });
    expect(again).toMatchObject({ jws: { header: { keyId: 'one' } } });
    expect(second).toMatchObject({ jws: { header: { keyId: 'two' } } });
  });

  it('still knows what is right after a flood of headers', () => {
    const flooded = new StrictJwsParser();
    for (let count = 0; count < 2000; count += 1) flooded.parse(compact({ ...HEADER, kid: `kid-${count.toString()}` }, {}));
    expect(flooded.parse(compact({ ...HEADER, kid: 'kid-3' }, {}))).toMatchObject({ jws: { header: { keyId: 'kid-3' } } });
    expect(Reflect.get(flooded, 'headers')).toHaveProperty('size', 256);
  });

  it('takes 16 KiB and a header of 4 KiB, and no more', () => {
    const filled = (length: number): string => {
      const head = `${encoded({ ...HEADER, kid: 'kid' })}.${encoded({})}.`;
      return head + 'A'.repeat(length - head.length);
    };
    expect(parser.parse(filled(16384))).toMatchObject({ ok: true });
    expect(faultOf(filled(16385))).toMatchObject({ code: 'TOKEN_TOO_LARGE', actual: '16385 characters' });
    const headerOf = (bytes: number): string => JSON.stringify({ alg: '' }).replace('""', `"${'a'.repeat(bytes - 10)}"`);
    expect(parser.parse(compact(headerOf(4096), {})).ok).toBe(true);
    expect(faultOf(compact(headerOf(4097), {}))).toMatchObject({
      code: 'TOKEN_MALFORMED',
      actual: expect.stringContaining('4097 bytes'),
    });
  });

  it('says what probably happened to a token that is not as it was issued', () => {
    const token = compact(HEADER, {});
    expect(faultOf('opaque')).toMatchObject({ actual: '1 part', remedy: expect.stringContaining('opaque') });
    expect(faultOf('a.b.c.d.e')).toMatchObject({ actual: '5 parts', remedy: expect.stringContaining('encrypted') });
    expect(faultOf(`${token}\n`).remedy).toContain('line breaks');
    expect(faultOf(`${token}x.y`)).toMatchObject({ actual: '4 parts' });
    expect(faultOf(`"${token}"`).actual).toContain('header');
    expect(faultOf('a'.repeat(4094) + '.b').remedy).toContain('4096');
  });

  it('answers no text of the token in its fault', () => {
    expect(JSON.stringify(faultOf('secretpart.othersecret'))).not.toContain('secret');
  });
});

/** Texts that a lenient reader takes for a good token, or reads in a way of its own. */
describe('Malleability: one text, one token', () => {
  const token = compact(HEADER, { sub: 'alice', exp: 1 }, encoded(Buffer.alloc(64, 7)));
  const [header = '', payload = '', signature = ''] = token.split('.');
  const raw = (text: string): string => compact(HEADER, text);

  const cases: readonly [string, string][] = [
    ['padding after the signature', `${token}=`],
    ['double padding after the signature', `${token}==`],
    ['padding after the header', `${header}=.${payload}.${signature}`],
    ['padding after the payload', `${header}.${payload}=.${signature}`],
    ['a space at the end', `${token} `],
    ['a space at the start', ` ${token}`],
    ['a line break at the end', `${token}\n`],
    ['a line break within', `${header}.${payload.slice(0, 4)}\r\n${payload.slice(4)}.${signature}`],
    ['a space within the signature', `${header}.${payload}.${signature.slice(0, 3)} ${signature.slice(3)}`],
    ['stray bits at the end of the signature', `${header}.${payload}.${signature.slice(0, -1)}x`],
    ['the alphabet of base64', `${header}.${payload}.${encoded(Buffer.alloc(64, 0xff)).replaceAll('_', '/')}`],
    ['a character of no alphabet', `${header}.${payload}?.${signature}`],
    ['a percent escape', `${header}.${payload}.${signature}%3D`],
    ['a zero byte', `${header}.${payload}.${signature}\u0000`],
    ['a length that no bytes have', `${header}.${payload}.${signature}AAA`],
    ['an empty signature', `${header}.${payload}.`],
    ['an empty payload', `${header}..${signature}`],
    ['an empty header', `.${payload}.${signature}`],
    ['a fourth part', `${token}.`],
    ['two parts', `${header}.${payload}`],
    ['a claim twice', raw('{"sub":"alice","sub":"bob"}')],
    ['a claim twice, once escaped', raw('{"aud":"a","\\u0061ud":"b"}')],
    ['a __proto__ claim', raw('{"__proto__":{"sub":"root"}}')],
    ['a byte order mark', raw('\ufeff{"sub":"alice"}')],
    ['an infinite exp', raw('{"exp":1e400}')],
    ['5,000 levels', raw(`${'['.repeat(5000)}${']'.repeat(5000)}`)],
    ['a JSON serialisation', JSON.stringify({ protected: header, payload, signature })],
    ['a header name twice', compact('{"alg":"none","alg":"RS256"}', {})],
  ];

  it('has 28 cases', () => {
    expect(cases).toHaveLength(28);
    expect(parser.parse(token).ok).toBe(true);
  });

  it.each(cases)('refuses %s', (_title, text) => {
    expect(faultOf(text).code).toBe('TOKEN_MALFORMED');
  });
});

describe('CVE-2025-30204, CVE-2025-27144, CVE-2025-22868: a text of nothing but dots', () => {
  it('is refused by its length, before it is split', () => {
    expect(faultOf('.'.repeat(10_000_000)).code).toBe('TOKEN_TOO_LARGE');
    expect(faultOf('.'.repeat(16_000))).toMatchObject({ code: 'TOKEN_MALFORMED', actual: 'more than 5 parts' });
  });
});

describe('CVE-2022-36083, CVE-2024-28176: encrypted and compressed tokens', () => {
  it('are refused by their shape', () => {
    expect(faultOf('eyJ.a.b.c.d').code).toBe('TOKEN_MALFORMED');
    expect(parser.parse(compact({ ...HEADER, zip: 'DEF' }, {}))).toMatchObject({ jws: { header: { forbidden: 'zip' } } });
  });
});

describe('GHSA-jc38-x7x8-2xc8: a JWS in JSON serialisation', () => {
  it('is refused whole and in parts', () => {
    const header = encoded({ alg: 'RS256' });
    expect(faultOf(`{"protected":"${header}","payload":"e30","signature":"AA"}`).code).toBe('TOKEN_MALFORMED');
    expect(faultOf(`{"payload":"e30","signatures":[{"header":{"alg":"none"}}]}`).code).toBe('TOKEN_MALFORMED');
  });
});
