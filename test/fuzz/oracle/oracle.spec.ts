import { describe, expect, it } from '@jest/globals';
import { decodeBase64url } from './base64url.js';
import { readJsonObject } from './json-reader.js';

const read = (text: string) => readJsonObject(new TextEncoder().encode(text));

describe('The base64url of the oracle', () => {
  it.each(['AA', 'AAA', 'AAAA', '_-8', 'eyJhIjoxfQ'])('reads %s as Node does', (text) => {
    expect(Buffer.from(decodeBase64url(text) ?? []).toString('base64url')).toBe(text);
  });

  it.each(['', 'A', 'AB', 'AAB', 'AA=', 'A+', 'A/', 'A A', 'AA\n', 'é'])('refuses %j', (text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });
});

describe('The JSON of the oracle', () => {
  it.each(['{}', '{"a":[1,-0.5e3,true,null,"\\u00e9\\n"]}', ' {"a":{"b":{}}}\n'])('reads %s', (text) => {
    const value = read(text);
    expect(value === undefined ? undefined : plain(value)).toEqual(JSON.parse(text));
  });

  it.each([
    '',
    '[]',
    '1',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":1}',
    '{"a":01}',
    '{"a":1e400}',
    '{"a":"\\ud800"}',
    '{"__proto__":1}',
    '{"a":1,}',
    '{a:1}',
    '\ufeff{}',
    '{}{}',
    `{"a":${'['.repeat(8)}${']'.repeat(8)}}`,
  ])('refuses %s', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, inner]: [unknown, unknown]) => [name, plain(inner)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
