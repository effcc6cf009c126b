import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { ownCause } from './own-codes.reader.js';
import type { Reader } from './readers.js';

const ADDRESS = /Client address: ([0-9A-Fa-f.:]{2,45})/;
/** Ranges that no firewall of a vault can list: RFC 1918, RFC 6598, unique local addresses. */
const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i;

const INNER: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /approved private link.{0,200}PublicNetworkAccess|Public network access is disabled|ForbiddenByConnection/s,
    'VAULT_PUBLIC_ACCESS_DISABLED',
  ],
  [/ForbiddenByRbac|DeniedWithNoValidRBAC/, 'VAULT_ROLE_MISSING'],
  [/ForbiddenByPolicy|does not have keys? [a-z]{1,20} permission on key vault/, 'VAULT_ACCESS_POLICY_MISSING'],
  [/\bKey(?:Disabled|Expired|NotYetValid)\b|on a disabled key|on an expired key/, 'VAULT_KEY_DISABLED'],
  [/KeyOperationForbidden/, 'VAULT_OPERATION_REFUSED'],
  [/ObjectIsDeletedButRecoverable|deleted but recoverable state/, 'VAULT_KEY_DELETED'],
  [/\bKeyNotFound\b|A key with \(name\/id\)/, 'VAULT_KEY_NOT_FOUND'],
  [/\bAKV10\d{3}\b/, 'VAULT_UNAUTHENTICATED'],
  [
    /\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN) [\w.-]{1,200}\.vault(?:core)?\.(?:azure|usgovcloudapi|windows)\./,
    'VAULT_NAME_UNRESOLVED',
  ],
];

/** Replies of Azure Key Vault as its REST interface gives them, and as its libraries print them. */
export const readVault: Reader = (text) => {
  const codes = [...firewallCode(text), ...INNER.filter(([says]) => says.test(text)).map(([, code]) => code)];
  const [first] = codes;
  return first === undefined
    ? undefined
    : { saidBy: 'key-vault', causes: [{ known: ownCause(first), certainty: 'certain', reading: readingOf(text) }] };
};

function firewallCode(text: string): readonly ErrorCode[] {
  if (!text.includes('ForbiddenByFirewall') && !text.includes('Client address is not authorized')) return [];
  const address = ADDRESS.exec(text)?.[1];
  if (address === undefined) return ['VAULT_FORBIDDEN'];
  return [PRIVATE.test(address) ? 'VAULT_FIREWALL_PRIVATE_ADDRESS' : 'VAULT_FIREWALL_PUBLIC_ADDRESS'];
}

function readingOf(text: string): string {
  const address = ADDRESS.exec(text)?.[1];
  return address === undefined ? 'the reply of the vault' : `the vault saw the address ${address}`;
}
