import { describe, expect, it } from '@jest/globals';
import { spellingsOf } from '../../../test/gateways/path-spellings.js';
import { readRequest, textOf } from './request-path.js';

const segmentsOf = (target: string): readonly string[] | string => {
  const reading = readRequest('GET', target);
  return reading.ok ? reading.path.segments : reading.because;
};

describe('The reading of a path', () => {
  it.each<readonly [string, readonly string[]]>([
    ['/', ['']],
    ['/v1/invoices', ['v1', 'invoices']],
    ['/v1/invoices/', ['v1', 'invoices', '']],
    ['/v1/invoices?page=2&next=/../x', ['v1', 'invoices']],
    ['/v1/permissions:effective', ['v1', 'permissions:effective']],
    ["/a-._~!$&'()*+,=:@b", ["a-._~!$&'()*+,=:@b"]],
    ['/%76%31/%69nvoices', ['v1', 'invoices']],
    ['/a%20b/%c3%a9', ['a%20b', '%C3%A9']],
    ['/%7euser', ['~user']],
    ['/...a', ['...a']],
  ])('is one for %s', (target, segments) => {
    expect(segmentsOf(target)).toEqual(segments);
  });

  it('decodes an id once it was read', () => {
    expect(['a%20b', '%C3%A9', 'plain'].map(textOf)).toEqual(['a b', 'é', 'plain']);
  });

  const same = new Set(['/V1/ADMIN', '/v1/ADMIN']);
  it.each(spellingsOf('/v1/admin').filter((spelling) => !same.has(spelling)))('is none for %j', (spelling) => {
    expect(typeof segmentsOf(spelling)).toBe('string');
  });

  it.each([
    ...['/v1/a\u00e9', '/v1/a b', '/v1/a?b c', '/v1/a?b#c', '/v1/a?\u0000', '/v1/<a>', '/v1/"a"', '/v1/{a}', '/v1/a|b', '/v1/^'],
    ...[
      '',
      'v1',
      '?',
      '//',
      '/..',
      '/.',
      '/...',
      '/%',
      '/%e9',
      '/%ed%a0%80',
      '/%f4%90%80%80',
      '/a%85',
      '/a%c2%85',
      '/a%ef%bb%bf',
    ],
    ...[`/${'a'.repeat(513)}`, `/${'a/'.repeat(64)}a`, `/${'a'.repeat(100)}?${'b'.repeat(9_000)}`],
  ])('is none for %j, either', (target) => {
    expect(typeof segmentsOf(target)).toBe('string');
  });

  it.each(['', 'get', 'GET ', 'GET\u0000', 'G'.repeat(40), 'M_S'])('knows no method %j', (method) => {
    expect(readRequest(method, '/v1').ok).toBe(false);
  });

  it('takes time that grows with the length alone', () => {
    const slashes = `/${'a%20'.repeat(1_000)}`;
    for (const hostile of [slashes, `${'/a'.repeat(4_000)}%`, `/${'!'.repeat(8_000)}\u0000`])
      expect(readRequest('GET', hostile).ok).toBe(false);
  });
});
