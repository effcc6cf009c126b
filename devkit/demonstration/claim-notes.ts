/** One line for each claim of an issued token, for people who see one for the first time. */
export const CLAIM_NOTES: Readonly<Record<string, string>> = {
  iss: 'who issued it: this service, the one issuer that downstream services trust',
  sub: 'who it is about: opaque and stable; u_ is a user, w_ a workload',
  aud: 'the one application that it is for',
  client_id: 'the client that asked for it',
  iat: 'issued at',
  exp: 'expires at: never later than the token that was handed in',
  jti: 'its own id, which finds it in the audit trail',
  scope: 'the granted scope',
  tenant: 'the tenant that the permissions hold in',
  permissions: 'what the subject may do there, computed from live data',
  act: 'who acts for the subject: the client that handed the token in',
  acr: 'how the subject signed in, as the identity provider says',
  amr: 'the methods of that sign-in',
  auth_time: 'when that was',
  pv: 'the policy version behind the permissions',
  ep: 'the number of the data state behind them',
};
