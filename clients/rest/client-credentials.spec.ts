import { describe, expect, it } from '@jest/globals';
import { readClientCredentials, readHeaderCredentials } from './client-credentials.js';
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

  it('tells nothing from a client id alone, and both from what nobody can read', () => {
    expect(read(undefined, '')).toEqual({ method: 'none' });
    expect(read(undefined, 'client_id=a')).toEqual({ method: 'client_id', clientId: 'a' });
    expect(read(undefined, 'client_secret=a')).toEqual({ method: 'unreadable' });
    expect(read('Bearer x', '')).toEqual({ method: 'unreadable' });
    expect(read('Bearer x', 'client_id=a')).toEqual({ method: 'unreadable' });
  });

  const type = 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer';

  it('takes an assertion, with and without a client id', () => {
    expect(read(undefined, `client_assertion=a.b.c&${type}`)).toEqual({
      method: 'client_assertion',
      clientId: undefined,
      assertion: 'a.b.c',
    });
    expect(read(undefined, `client_id=portal&client_assertion=a.b.c&${type}`)).toMatchObject({ clientId: 'portal' });
  });

  it.each([
    ['Basic', () => read(basic, `client_assertion=a.b.c&${type}`)],
    ['a secret in the form', () => read(undefined, `client_id=a&client_secret=b&client_assertion=a.b.c&${type}`)],
    ['Basic, and a type alone', () => read(basic, type)],
    ['another scheme', () => read('Bearer x', `client_assertion=a.b.c&${type}`)],
  ])('refuses an assertion beside %s', (_name, reading) => {
    expect(reading()).toBe('CLIENT_AUTHENTICATION_AMBIGUOUS');
  });

  it('refuses an assertion of no type or another one, and a type without an assertion', () => {
    expect(read(undefined, 'client_assertion=a.b.c')).toBe('REQUEST_PARAMETER_MISSING');
    expect(read(undefined, 'client_assertion=a.b.c&client_assertion_type=saml2-bearer')).toBe('REQUEST_PARAMETER_INVALID');
    expect(read(undefined, type)).toBe('REQUEST_PARAMETER_MISSING');
    expect(read(undefined, `client_assertion=a.b.c&client_assertion=a.b.c&${type}`)).toBe('REQUEST_PARAMETER_REPEATED');
  });
});

describe('readHeaderCredentials', () => {
  const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const readHeaders = (headers: Readonly<Record<string, string>>): unknown => {
    const rawHeaders = Object.entries(headers).flat();
    try {
      return readHeaderCredentials({ headers, raw: { rawHeaders } } as never);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('takes one way of several, and says which', () => {
    expect(readHeaders({ authorization: basic })).toMatchObject({ method: 'client_secret_basic' });
    expect(readHeaders({ 'client-assertion': 'a.b.c', 'client-assertion-type': JWT_BEARER, 'client-id': 'portal' })).toEqual({
      method: 'client_assertion',
      clientId: 'portal',
      assertion: 'a.b.c',
    });
    expect(readHeaders({ 'client-id': 'portal' })).toEqual({ method: 'client_id', clientId: 'portal' });
    expect(readHeaders({})).toEqual({ method: 'none' });
  });

  it('refuses two ways, and two of one header', () => {
    expect(readHeaders({ authorization: basic, 'client-assertion': 'a.b.c' })).toBe('CLIENT_AUTHENTICATION_AMBIGUOUS');
    expect(readHeaders({ 'client-id': 'portal, other' })).toBe('CLIENT_AUTHENTICATION_AMBIGUOUS');
    expect(readHeaders({ 'client-assertion': 'a.b.c, a.b.c', 'client-assertion-type': JWT_BEARER })).toBe(
      'CLIENT_AUTHENTICATION_AMBIGUOUS',
    );
  });
});
