import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { referenceAccepts } from '../../test/vectors/reference-json.js';
import { readStrictJson } from './strict-json.js';

const read = (text: string): ReturnType<typeof readStrictJson> => readStrictJson(Buffer.from(text));
const problemOf = (text: string | Buffer): string => {
  const result = readStrictJson(Buffer.isBuffer(text) ? text : Buffer.from(text));
  return result.ok ? 'accepted' : result.problem;
};
const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
const members = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"m${index.toString()}":0`).join(',')}}`;

describe('Strict JSON', () => {
  it('reads an object as JSON.parse does', () => {
    const text = ' {"a": [1, -2.5e3, "x\\n\\u00e4", true, null, {"b": {}}], "ä": "💥", "\\ud83d\\ude00": ":{["} \n';
    expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it.each([
    ['an array', '[]', 'not a JSON object'],
    ['a string', '"x"', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['nothing', '', 'not JSON'],
    ['trailing text', '{} {}', 'not JSON'],
    ['a trailing comma', '{"a":1,}', 'not JSON'],
    ['a comment', '{/**/}', 'not JSON'],
    ['single quotes', "{'a':1}", 'not JSON'],
    ['a byte order mark', '\ufeff{}', 'not JSON'],
    ['NaN', '{"a":NaN}', 'not JSON'],
    ['an open string', '{"a', 'not JSON'],
    ['a backslash at the end', '{"a\\', 'not JSON'],
    ['a number beyond all numbers', '{"exp":1e400}', 'a number is out of range'],
    ['such a number in an array', '{"a":[[-1e999]]}', 'a number is out of range'],
    ['a name twice', '{"aud":"a","aud":"b"}', 'a member name appears twice'],
    ['a name twice with the same value', '{"aud":"a","aud":"a"}', 'a member name appears twice'],
    ['a name twice, once escaped', '{"aud":"a","\\u0061ud":"b"}', 'a member name appears twice'],
    ['a name twice, nested', '{"a":{"b":[{"c":1,"c":2}]}}', 'a member name appears twice'],
    ['a name twice that drops members', '{"a":{"x":1,"y":2},"a":1}', 'a member name appears twice'],
    ['the empty name twice', '{"":1,"":2}', 'a member name appears twice'],
    ['a numeric name twice', '{"1":1,"1":2}', 'a member name appears twice'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'a member is named __proto__'],
    ['__proto__ nested and escaped', '{"a":[{"\\u005f_proto__":1}]}', 'a member is named __proto__'],
    ['constructor', '{"constructor":1}', 'a member is named constructor'],
    ['prototype', '{"a":{"prototype":1}}', 'a member is named prototype'],
    ['half a surrogate pair', '{"sub":"a\\ud800"}', 'a string is not Unicode text'],
    ['the other half', '{"sub":"\\uDC00b"}', 'a string is not Unicode text'],
    ['half a pair in a name', '{"\\ud800":1}', 'a string is not Unicode text'],
  ])('refuses %s', (_title, text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of ['7b2261223a22ff227d', '7b2261223a22c080227d', '7b2261223a22eda080227d', '7b2261223a22f4908080227d']) {
      expect(problemOf(Buffer.from(bytes, 'hex'))).toBe('not UTF-8');
    }
  });

  it('takes 8 levels and 200 members and no more', () => {
    expect(problemOf(nested(8))).toBe('accepted');
    expect(problemOf(nested(9))).toBe('nested deeper than 8 levels');
    expect(problemOf(`{"a":${'['.repeat(7)}${']'.repeat(7)}}`)).toBe('accepted');
    expect(problemOf(`{"a":${'['.repeat(8)}${']'.repeat(8)}}`)).toBe('nested deeper than 8 levels');
    expect(problemOf(members(200))).toBe('accepted');
    expect(problemOf(members(201))).toBe('more than 200 members');
  });

  it('sees brackets and colons in strings as text', () => {
    expect(problemOf('{"a":"{{{{{{{{{{[[[[[[[[:::::\\"}{\\\\"}')).toBe('accepted');
  });

  it('agrees with a slow reference on text near to JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"b"',
      '"\\u0061"',
      '"__proto__"',
      '"\\ud800"',
      '"\\ud83d\\ude00"',
      '1',
      '-0',
      '1e400',
      '01',
      'true',
      'null',
      ' ',
      '\n',
      '\\',
      '"',
      '"x:{"',
      '\u00e4',
      '"\ud83d\ude00"',
      '{"a":',
      '{"b":[',
      '"a":1,',
      '\ufeff',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(readStrictJson(bytes).ok).toBe(referenceAccepts(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it('agrees with a slow reference on JSON with one byte changed', () => {
    const object = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 5 }), { maxKeys: 6 });
    fc.assert(
      fc.property(object, fc.nat(), fc.nat(255), fc.boolean(), (value, position, byte, change) => {
        const bytes = Buffer.from(JSON.stringify(value));
        if (change) bytes[position % bytes.length] = byte;
        const result = readStrictJson(bytes);
        expect(result.ok).toBe(referenceAccepts(bytes));
        if (result.ok) expect(result.value).toEqual(JSON.parse(bytes.toString()));
      }),
      { numRuns: 2000 },
    );
  });
});
