import { describe, expect, it } from '@jest/globals';
import { readClientCredentials } from './client-credentials.js';
import { parseForm } from './form.js';

const basic = `Basic ${Buffer.from('portal:secret').toString('base64')}`;
const read = (authorization: string | undefined, body: string): unknown => {
  try {
    return readClientCredentials(authorization, parseForm(body));
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('readClientCredentials', () => {
  it('takes the form or the header', () => {
    expect(read(undefined, 'client_id=a&client_secret=b')).toMatchObject({ method: 'client_secret_post', clientId: 'a' });
    expect(read(basic, '')).toMatchObject({ method: 'client_secret_basic', clientId: 'portal' });
  });

  it('takes a client_id in the form beside the header if it is the same', () => {
    expect(read(basic, 'client_id=portal')).toMatchObject({ method: 'client_secret_basic' });
    expect(read(basic, 'client_id=other')).toBe('CLIENT_AUTHENTICATION_AMBIGUOUS');
  });

  it('refuses two methods at once (RFC 6749 §2.3)', () => {
    expect(read(basic, 'client_id=portal&client_secret=secret')).toBe('CLIENT_AUTHENTICATION_AMBIGUOUS');
  });

  it('finds nothing where nothing usable was sent', () => {
    expect(read(undefined, '')).toEqual({ method: 'none' });
    expect(read(undefined, 'client_id=a')).toEqual({ method: 'none' });
    expect(read(undefined, 'client_secret=a')).toEqual({ method: 'none' });
    expect(read('Bearer x', '')).toEqual({ method: 'none' });
  });
});
