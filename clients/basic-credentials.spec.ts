import { describe, expect, it } from '@jest/globals';
import { parseBasic } from './basic-credentials.js';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('parseBasic', () => {
  it('reads both parts, percent-decoded (RFC 6749 §2.3.1)', () => {
    expect(parseBasic(basic('my%3Aid:s%2Bx+y'))).toEqual({
      method: 'client_secret_basic',
      clientId: 'my:id',
      clientSecret: 's+x y',
    });
  });

  it('keeps colons after the first for the secret', () => {
    expect(parseBasic(basic('id:a:b'))).toMatchObject({ clientId: 'id', clientSecret: 'a:b' });
  });

  describe('CVE-2026-47673: any Authorization scheme accepted', () => {
    it.each([
      ['another scheme', `Bearer ${Buffer.from('id:secret').toString('base64')}`],
      ['no scheme', Buffer.from('id:secret').toString('base64')],
      ['two values joined by a comma', `${basic('id:secret')}, ${basic('id:secret')}`],
      ['two spaces', `Basic  ${Buffer.from('id:secret').toString('base64')}`],
      ['a trailing space', `${basic('id:secret')} `],
      ['no colon', basic('idsecret')],
      ['an empty id', basic(':secret')],
      ['broken percent-encoding', basic('id:%zz')],
      ['an empty value', ''],
      ['a value far too long', basic(`id:${'x'.repeat(4000)}`)],
    ])('proves nothing with %s', (_name, value) => {
      expect(parseBasic(value)).toEqual({ method: 'unreadable' });
    });

    it('takes the scheme in any case (RFC 9110 §11.1)', () => {
      expect(parseBasic(basic('id:s').replace('Basic', 'bASIC')).method).toBe('client_secret_basic');
    });
  });
});
