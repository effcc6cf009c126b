import { describe, expect, it } from '@jest/globals';
import type { ExchangeRequest } from './contract.js';
import { checkParameters } from './exchange-parameters.js';

const TYPE = 'urn:ietf:params:oauth:token-type:';
const request = (changes: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  subjectToken: 'token',
  subjectTokenType: `${TYPE}jwt`,
  actorToken: undefined,
  actorTokenType: undefined,
  requestedTokenType: undefined,
  audience: [],
  resource: [],
  scope: undefined,
  tenant: undefined,
  impersonation: false,
  ...changes,
});
const refusal = (changes: Partial<ExchangeRequest>): unknown => {
  try {
    return checkParameters(request(changes));
  } catch (error) {
    const { code, details } = error as { code: string; details: { field?: string } };
    return `${code} ${details.field ?? ''}`.trim();
  }
};

describe('checkParameters (RFC 8693 §2.1)', () => {
  it('takes a jwt or an access token as subject', () => {
    expect(checkParameters(request()).subjectToken).toBe('token');
    expect(checkParameters(request({ subjectTokenType: `${TYPE}access_token` })).target).toBeUndefined();
  });

  it('takes an actor token with its type, and the wish to impersonate', () => {
    expect(checkParameters(request())).toMatchObject({ actorToken: null, impersonation: false });
    const actor = { actorToken: 'x', actorTokenType: `${TYPE}jwt` };
    expect(checkParameters(request({ ...actor, impersonation: true }))).toMatchObject({ actorToken: 'x', impersonation: true });
  });

  it.each<[Partial<ExchangeRequest>, string]>([
    [{ subjectToken: undefined }, 'REQUEST_PARAMETER_MISSING subject_token'],
    [{ subjectTokenType: undefined }, 'REQUEST_PARAMETER_MISSING subject_token_type'],
    [{ subjectTokenType: `${TYPE}id_token` }, 'TOKEN_TYPE_UNSUPPORTED subject_token_type'],
    [{ subjectTokenType: `${TYPE}refresh_token` }, 'TOKEN_TYPE_UNSUPPORTED subject_token_type'],
    [{ subjectTokenType: `${TYPE}saml2` }, 'TOKEN_TYPE_UNSUPPORTED subject_token_type'],
    [{ subjectTokenType: 'jwt' }, 'TOKEN_TYPE_UNSUPPORTED subject_token_type'],
    [{ actorToken: 'x' }, 'REQUEST_PARAMETER_MISSING actor_token_type'],
    [{ actorTokenType: `${TYPE}jwt` }, 'REQUEST_PARAMETER_MISSING actor_token'],
    [{ actorToken: 'x', actorTokenType: `${TYPE}id_token` }, 'TOKEN_TYPE_UNSUPPORTED actor_token_type'],
    [{ requestedSubject: 'bob' }, 'IMPERSONATION_UNSUPPORTED requested_subject'],
    [{ requestedTokenType: `${TYPE}id_token` }, 'REQUESTED_TOKEN_TYPE_UNSUPPORTED requested_token_type'],
    [{ resource: ['/relative'] }, 'TARGET_MALFORMED resource'],
    [{ resource: ['https://api.example/#x'] }, 'TARGET_MALFORMED resource'],
    [{ resource: ['https://a.example'], audience: ['https://b.example'] }, 'TARGET_AMBIGUOUS audience'],
    [{ audience: ['a', 'b'] }, 'TARGET_AMBIGUOUS audience'],
    [{ resource: ['https://a.example', 'https://b.example'] }, 'TARGET_AMBIGUOUS resource'],
    [{ scope: 'a  b' }, 'SCOPE_UNKNOWN scope'],
    [{ scope: ' a' }, 'SCOPE_UNKNOWN scope'],
    [{ scope: Array(101).fill('a').join(' ') }, 'REQUEST_PARAMETER_INVALID scope'],
  ])('refuses %j', (changes, expected) => {
    expect(refusal(changes)).toBe(expected);
  });

  it('takes the same target named twice as one', () => {
    const same = 'https://api.example';
    expect(checkParameters(request({ audience: [same, same], resource: [same] })).target).toBe(same);
  });

  it('issues what was asked for, an access token by default', () => {
    expect(checkParameters(request()).issuedTokenType).toBe(`${TYPE}access_token`);
    expect(checkParameters(request({ requestedTokenType: `${TYPE}jwt` })).issuedTokenType).toBe(`${TYPE}jwt`);
  });

  it('splits the scope and tells absence from it', () => {
    expect(checkParameters(request()).scope).toBeNull();
    expect(checkParameters(request({ scope: 'a b' })).scope).toEqual(['a', 'b']);
  });
});
