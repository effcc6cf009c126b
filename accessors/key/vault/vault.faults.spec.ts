import { describe, expect, it } from '@jest/globals';
import { CATALOGUE } from '#utilities/errors/catalogue.js';
import { answerInvalid, faultOfAnswer, faultOfConnection, retryAfterSeconds } from './vault.faults.js';
import { ANSWER_TOO_LARGE, NO_ANSWER_IN_TIME, VaultConnectionFault, type VaultHttpAnswer } from './vault.http.js';

const PUBLIC_VAULT = '20.61.99.1';
const PRIVATE_VAULT = '10.1.0.4';
const CALLER =
  'Caller: appid=2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5;oid=b1c2d3e4-f506-4718-8293-a4b5c6d7e8f9;iss=https://sts.windows.net/1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f/';
const VAULT = 'Vault: kv-app;location=westeurope';

function answer(status: number, error: unknown, changes: Partial<VaultHttpAnswer> = {}): VaultHttpAnswer {
  return { status, headers: {}, text: JSON.stringify({ error }), remoteAddress: PUBLIC_VAULT, ...changes };
}

function forbidden(inner: string, message: string, changes: Partial<VaultHttpAnswer> = {}): VaultHttpAnswer {
  return answer(403, { code: 'Forbidden', message, innererror: { code: inner } }, changes);
}

function firewall(address: string, changes: Partial<VaultHttpAnswer> = {}): VaultHttpAnswer {
  const message = `Client address is not authorized and caller is not a trusted service.\r\nClient address: ${address}\r\n${CALLER}\r\n${VAULT}`;
  return forbidden('ForbiddenByFirewall', message, changes);
}

// Bodies in the form that the service gives, with made-up names: error codes page and public reports.
const RBAC = `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n${CALLER}\r\nAction: 'Microsoft.KeyVault/vaults/keys/sign/action'\r\nResource: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-app/keys/k'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\n${VAULT}\r\n`;
const POLICY = `The user, group or application 'appid=2c4e6f80;oid=b1c2d3e4;iss=https://sts.windows.net/1f0c2a4e/' does not have keys sign permission on key vault 'kv-app;location=westeurope'.`;
const CLOSED = `Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n${CALLER}\r\n${VAULT}`;
const UNAPPROVED = `Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.\r\n${VAULT}`;

describe('The faults of a key vault', () => {
  it.each([
    ['a firewall that saw a public IPv4 address', firewall('203.0.113.7'), 'VAULT_FIREWALL_PUBLIC_ADDRESS', '203.0.113.7'],
    ['a firewall that saw a public IPv6 address', firewall('2001:db8::7'), 'VAULT_FIREWALL_PUBLIC_ADDRESS', '2001:db8::7'],
    ['a firewall that saw 10/8', firewall('10.0.3.9'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', '10.0.3.9'],
    ['a firewall that saw 172.16/12', firewall('172.25.1.187'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', '172.25.1.187'],
    ['a firewall that saw 192.168/16', firewall('192.168.4.4'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', '192.168.4.4'],
    ['a firewall that saw an address of RFC 6598', firewall('100.64.1.1'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', '100.64.1.1'],
    ['a firewall that saw a service endpoint', firewall('fde4:8dba::1'), 'VAULT_FIREWALL_PRIVATE_ADDRESS', 'fde4:8dba::1'],
    ['a firewall just before 172.16/12', firewall('172.15.0.1'), 'VAULT_FIREWALL_PUBLIC_ADDRESS', '172.15.0.1'],
    ['a firewall just after 172.16/12', firewall('172.32.0.1'), 'VAULT_FIREWALL_PUBLIC_ADDRESS', '172.32.0.1'],
    ['a firewall that printed no address', firewall('(unknown)'), 'VAULT_FORBIDDEN', 'ForbiddenByFirewall'],
    [
      'a firewall behind a private address',
      firewall('10.1.0.9', { remoteAddress: PRIVATE_VAULT }),
      'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED',
      '10.1.0.9',
    ],
    [
      'a firewall that saw a private link',
      firewall('10.1.0.9', { headers: { 'x-ms-keyvault-network-info': 'conn_type=PrivateLink;addr=10.1.0.9;' } }),
      'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED',
      '10.1.0.9',
    ],
    [
      'public access that is off',
      forbidden('ForbiddenByConnection', CLOSED),
      'VAULT_PUBLIC_ACCESS_DISABLED',
      'Public network access',
    ],
    [
      'public access that is off, in other words',
      forbidden('ForbiddenByConnection', UNAPPROVED),
      'VAULT_PUBLIC_ACCESS_DISABLED',
      'approved private link',
    ],
    [
      'a private link that is not approved',
      forbidden('ForbiddenByConnection', UNAPPROVED, { remoteAddress: PRIVATE_VAULT }),
      'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED',
      'approved private link',
    ],
    ['no role', forbidden('ForbiddenByRbac', RBAC), 'VAULT_ROLE_MISSING', 'keys/sign/action'],
    ['no access policy', forbidden('AccessDenied', POLICY), 'VAULT_ACCESS_POLICY_MISSING', 'keys sign permission'],
    [
      'no access policy, by its other name',
      forbidden('ForbiddenByPolicy', POLICY),
      'VAULT_ACCESS_POLICY_MISSING',
      'keys sign permission',
    ],
    [
      'a disabled version',
      forbidden('KeyDisabled', 'Operation sign is not allowed on a disabled key.'),
      'VAULT_KEY_DISABLED',
      'disabled',
    ],
    [
      'an expired version',
      forbidden('KeyExpired', 'Operation sign is not allowed on an expired key.'),
      'VAULT_KEY_DISABLED',
      'expired',
    ],
    ['a version before its time', forbidden('KeyNotYetValid', 'x'), 'VAULT_KEY_DISABLED', 'KeyNotYetValid'],
    [
      'an operation that the key has not',
      forbidden('KeyOperationForbidden', 'x'),
      'VAULT_OPERATION_REFUSED',
      'KeyOperationForbidden',
    ],
    ['a refusal that is not known', forbidden('ForbiddenBySomethingNew', 'x'), 'VAULT_FORBIDDEN', 'ForbiddenBySomethingNew'],
    ['a refusal without an inner code', answer(403, { code: 'Forbidden', message: 'x' }), 'VAULT_FORBIDDEN', 'HTTP 403'],
    [
      'a token for something else',
      answer(401, { code: 'Unauthorized', message: 'AKV10022: Invalid audience.' }),
      'VAULT_UNAUTHENTICATED',
      'AKV10022',
    ],
    [
      'a key that is not there',
      answer(404, { code: 'KeyNotFound', message: 'A key with (name/id) k was not found.' }),
      'VAULT_KEY_NOT_FOUND',
      'KeyNotFound',
    ],
    [
      'a name that is taken by a deleted key',
      answer(409, {
        code: 'Conflict',
        message: 'Key k is currently in a deleted but recoverable state.',
        innererror: { code: 'ObjectIsDeletedButRecoverable' },
      }),
      'VAULT_KEY_DELETED',
      'recoverable',
    ],
    [
      'a key that is being recovered',
      answer(409, {
        code: 'Conflict',
        message: 'Key k is currently being recovered.',
        innererror: { code: 'ObjectIsBeingRecovered' },
      }),
      'VAULT_CONFLICT',
      'recovered',
    ],
    [
      'an algorithm that does not fit',
      answer(400, { code: 'BadParameter', message: 'Key and signing key algorithm are incompatible.' }),
      'VAULT_OPERATION_REFUSED',
      'incompatible',
    ],
    [
      'too many requests',
      answer(429, {
        code: 'Throttled',
        message: 'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
      }),
      'VAULT_THROTTLED',
      'VaultRequestTypeLimitReached',
    ],
    ['an outage', answer(500, { code: 'InternalServerError', message: 'x' }), 'VAULT_UNAVAILABLE', 'HTTP 500'],
    [
      'a proxy that has an outage',
      { ...answer(502, null), text: '<html>Bad Gateway</html>' },
      'VAULT_UNAVAILABLE',
      'not an error of a key vault',
    ],
    [
      'a proxy that wants a login',
      { ...answer(403, null), text: '<html>Sign in</html>' },
      'VAULT_ANSWER_INVALID',
      'not an error of a key vault',
    ],
    ['a redirect', { ...answer(302, null), text: '' }, 'VAULT_ANSWER_INVALID', 'HTTP 302'],
    ['a JSON that is no error', { ...answer(404, null), text: '[1]' }, 'VAULT_ANSWER_INVALID', 'HTTP 404'],
  ] as const)('tell %s', (_, given, code, logged) => {
    const fault = faultOfAnswer('sign with /keys/k', given);
    expect(fault.code).toBe(code);
    expect(fault.details.internal).toContain(logged);
    expect(fault.details.internal).toContain('sign with /keys/k');
  });

  it('tell callers nothing that the vault printed', () => {
    const { code, message, details } = faultOfAnswer('sign', firewall('10.0.3.9'));
    expect([message, details.actual, details.expected]).toEqual([CATALOGUE[code].summary, undefined, undefined]);
  });

  it('log one line of bounded length, whatever was sent', () => {
    const { details } = faultOfAnswer(
      'sign',
      answer(403, { code: 'Forbidden', message: `\u001b[31mx\r\n{"level":60}\u2028${'y'.repeat(5_000)}` }),
    );
    expect(details.internal).not.toMatch(/[\p{Cc}\u2028]/u);
    expect(details.internal?.length).toBeLessThan(700);
  });

  it.each([
    ['ENOTFOUND', 'VAULT_NAME_UNRESOLVED'],
    ['EAI_AGAIN', 'VAULT_NAME_UNRESOLVED'],
    ['ETIMEDOUT', 'VAULT_TIMEOUT'],
    [NO_ANSWER_IN_TIME, 'VAULT_TIMEOUT'],
    ['ECONNREFUSED', 'VAULT_UNREACHABLE'],
    ['ECONNRESET', 'VAULT_UNREACHABLE'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'VAULT_UNREACHABLE'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'VAULT_UNREACHABLE'],
    [ANSWER_TOO_LARGE, 'VAULT_ANSWER_INVALID'],
  ])('tell a connection that ended with %s', (reason, code) => {
    const fault = faultOfConnection('get /keys/k', new VaultConnectionFault(reason));
    expect([fault.code, fault.details.internal]).toEqual([code, `get /keys/k: ${reason}`]);
  });

  it('say what was wrong with an answer that cannot be used', () => {
    expect(answerInvalid('get', 'no key id')).toMatchObject({
      code: 'VAULT_ANSWER_INVALID',
      details: { internal: 'get: no key id' },
    });
  });

  it.each([
    ['7', 7],
    ['0', 1],
    ['86400', 30],
    ['-1', undefined],
    ['1.5', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [undefined, undefined],
  ])('wait %s', (header, seconds) => {
    expect(retryAfterSeconds(answer(429, null, { headers: { 'retry-after': header } }))).toBe(seconds);
  });
});
