import { describe, expect, it } from '@jest/globals';
import { parseForm, single } from './form.js';

const codeOf = (body: string): string => {
  try {
    parseForm(body);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseForm', () => {
  it('decodes names and values, with + as a space', () => {
    const form = parseForm('grant_type=a%3Ab&scope=billing%3A*+orders&x');
    expect(single(form, 'grant_type')).toBe('a:b');
    expect(single(form, 'scope')).toBe('billing:* orders');
  });

  it('takes a parameter without a value as absent (RFC 6749 §3.1)', () => {
    expect(single(parseForm('scope=&audience'), 'scope')).toBeUndefined();
    expect(parseForm('scope=&audience').size).toBe(0);
  });

  it('lets audience and resource repeat and nothing else (RFC 8693 §2.1)', () => {
    expect(parseForm('audience=a&audience=b&resource=c&resource=d').get('audience')).toEqual(['a', 'b']);
    expect(codeOf('scope=a&scope=a')).toBe('REQUEST_PARAMETER_REPEATED');
    expect(codeOf('unknown=a&unknown=b')).toBe('REQUEST_PARAMETER_REPEATED');
  });

  it('refuses a repeat that hides in percent-encoding or has no value', () => {
    expect(codeOf('scope=a&sc%6Fpe=b')).toBe('REQUEST_PARAMETER_REPEATED');
    expect(codeOf('scope=&scope=b')).toBe('REQUEST_PARAMETER_REPEATED');
  });

  it('keeps the values of a repeatable parameter whose first value was empty', () => {
    expect(parseForm('audience=&audience=b').get('audience')).toEqual(['b']);
  });

  it('refuses broken percent-encoding and bytes that are not UTF-8', () => {
    expect(codeOf('scope=%')).toBe('REQUEST_MALFORMED');
    expect(codeOf('scope=%ff')).toBe('REQUEST_MALFORMED');
  });

  it('never names a parameter in an error that could carry something harmful', () => {
    try {
      parseForm('%0aevil%1b=1&%0aevil%1b=2');
      throw new Error('accepted');
    } catch (error) {
      expect((error as { details: { field: string } }).details.field).toBe('unknown');
    }
  });

  it('is not confused by names of object members', () => {
    const form = parseForm('__proto__=a&constructor=b&toString=c');
    expect(single(form, '__proto__')).toBe('a');
    expect(single(form, 'hasOwnProperty')).toBeUndefined();
  });
});
