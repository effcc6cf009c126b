import type { CatalogueEntry } from '../catalogue-entry.js';

const RETRY = 'Try again after the time in Retry-After.';
const ZONES =
  'privatelink.vaultcore.azure.net (Azure Government: privatelink.vaultcore.usgovcloudapi.net; Azure China: privatelink.vaultcore.azure.cn)';

/**
 * What keeps Azure Key Vault from serving us. Each refusal of the vault has its own code, since each has another cure; what it
 * printed (the address that it saw, the permission that it missed) is in the log under the diagnostic id.
 */
export const VAULT_ERRORS = {
  SIGNING_THROTTLED: {
    summary: 'The service signs as many tokens as its key vault lets it.',
    cause: 'Tokens are signed in the key vault, and more were asked for than its limit for each 10 seconds allows.',
    remedy: [
      RETRY,
      'Operator: let the vault wrap keys and sign locally (keys.backend: local), or let a key that stands by sign the rest (keys.vault.whenItCannotSign: signLocally).',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/service-limits',
  },
  VAULT_FIREWALL_PUBLIC_ADDRESS: {
    summary: 'The firewall of the key vault does not let a public address in.',
    cause: 'innererror.code ForbiddenByFirewall, and the client address that the vault printed is a public one.',
    remedy: [
      'Operator: the log under the diagnostic id has the address; add it to the IP rules: az keyvault network-rule add --name VAULT --ip-address ADDRESS/32.',
      'Or use a private endpoint, or a VNet rule with the service endpoint Microsoft.KeyVault, where addresses change.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/network-security',
  },
  VAULT_FIREWALL_PRIVATE_ADDRESS: {
    summary: 'The firewall of the key vault does not let a private network in.',
    cause:
      'innererror.code ForbiddenByFirewall, and the client address that the vault printed is a private one: no IP rule can hold it.',
    remedy: [
      'Operator: enable the service endpoint on the subnet: az network vnet subnet update --service-endpoints Microsoft.KeyVault, and add a VNet rule: az keyvault network-rule add --name VAULT --subnet SUBNET_ID. It takes up to 15 minutes.',
      `Or make a private endpoint for the vault and link the zone ${ZONES} to the VNet.`,
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/network-security',
  },
  VAULT_PRIVATE_ENDPOINT_NOT_APPROVED: {
    summary: 'The private endpoint of the key vault is not approved.',
    cause:
      'innererror.code ForbiddenByFirewall or ForbiddenByConnection, although the name of the vault resolves to a private address.',
    remedy: [
      'Operator: approve the connection: az network private-endpoint-connection approve --id CONNECTION_ID, or in the portal under Networking of the vault.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics',
  },
  VAULT_PUBLIC_ACCESS_DISABLED: {
    summary: 'The key vault is closed to public networks.',
    cause:
      'innererror.code ForbiddenByConnection: public network access is off, and the name of the vault resolves to its public address from here.',
    remedy: [
      `Operator: link the zone ${ZONES} to the VNet of this service, so that the name resolves to the private endpoint.`,
      'Run the service inside that VNet (VNet integration); check with nslookup VAULT.vault.azure.net.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics',
  },
  VAULT_ROLE_MISSING: {
    summary: 'The identity of the service has no role on the key vault.',
    cause:
      'innererror.code ForbiddenByRbac: the vault uses Azure RBAC, and no role assignment has the action that was asked for.',
    remedy: [
      'Operator: assign Key Vault Crypto User on the vault or the key (Key Vault Crypto Officer where keys are made); the action is in the log.',
      'A new assignment takes some minutes to be seen.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/rbac-guide',
  },
  VAULT_ACCESS_POLICY_MISSING: {
    summary: 'The access policy of the key vault lacks a permission.',
    cause:
      'innererror.code AccessDenied or ForbiddenByPolicy: the vault uses access policies, and that of this identity lacks a key permission.',
    remedy: [
      'Operator: az keyvault set-policy --name VAULT --object-id OBJECT_ID --key-permissions get list create update sign wrapKey unwrapKey.',
      'Take the object id of the service principal or the managed identity, not that of the application.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/assign-access-policy',
  },
  VAULT_FORBIDDEN: {
    summary: 'The key vault refuses.',
    cause: 'A 403 with an innererror.code that is not known here.',
    remedy: ['Operator: the log under the diagnostic id has the inner code and what the vault printed.'],
  },
  VAULT_KEY_NOT_FOUND: {
    summary: 'The key vault does not have the key, or this version of it.',
    cause: '404 KeyNotFound: another name or version, another vault, or the key was deleted.',
    remedy: [
      'Operator: compare the vault URL, the key name and the version in the log with az keyvault key list-versions.',
      'If it was deleted: az keyvault key recover.',
    ],
  },
  VAULT_KEY_DELETED: {
    summary: 'The key was deleted and can still be recovered.',
    cause: '409 ObjectIsDeletedButRecoverable: soft delete keeps the key and its name for 7 to 90 days.',
    remedy: [
      'Operator: az keyvault key recover --vault-name VAULT --name KEY; the name cannot be used again before it is purged.',
    ],
    source: 'https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview',
  },
  VAULT_KEY_DISABLED: {
    summary: 'This version of the key may not be used.',
    cause: 'The version is disabled, or is before its activation date or after its expiration date.',
    remedy: ['Operator: az keyvault key set-attributes --enabled true, or clear its dates; or rotate to another version.'],
  },
  VAULT_OPERATION_REFUSED: {
    summary: 'The key vault does not do this with the key.',
    cause: '400: the operation is not among the key_ops of the key, or its type does not fit the algorithm.',
    remedy: [
      'Operator: give the key the operation (sign, or wrapKey and unwrapKey), or name a key of the right type (RSA for wrapping).',
    ],
  },
  VAULT_CONFLICT: {
    summary: 'The key vault is at work on this key.',
    cause: '409: another operation on the same key was not finished.',
    remedy: [RETRY],
  },
  VAULT_THROTTLED: {
    summary: 'The key vault answers too many requests.',
    cause: '429: the limit of the vault or of the subscription for each 10 seconds is used up, by us or by others.',
    remedy: [RETRY, 'Operator: lower keys.vault.signsPer10Seconds, sign locally, or use a vault of its own for this service.'],
    source: 'https://learn.microsoft.com/azure/key-vault/general/overview-throttling',
  },
  VAULT_UNAUTHENTICATED: {
    summary: 'The key vault does not accept the credential of the service.',
    cause: '401 with a fresh token: it is of another tenant or for another resource than the vault.',
    remedy: [
      'Operator: check the tenant and the client id (of a managed identity: the user-assigned one) against what the log says the vault asked for.',
    ],
  },
  VAULT_CREDENTIAL_REFUSED: {
    summary: 'No access token for the key vault could be had.',
    cause: 'Microsoft Entra ID or the managed identity endpoint refused the credential, or could not be reached.',
    remedy: [
      'Operator: the AADSTS number is in the log; check the client id, the certificate or secret and its end date, or the federated credential.',
      'Managed identity: check that one is assigned, and that 169.254.169.254 is not sent through a proxy.',
    ],
  },
  VAULT_CHALLENGE_UNTRUSTED: {
    summary: 'The key vault asked for a token that it must not be given.',
    cause:
      'Its challenge names a resource that the host name of the vault does not belong to, or an authority that is not trusted.',
    remedy: ['Operator: check keys.vault.url; something else may answer under that name. Nothing was sent to it.'],
    source: 'https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses',
  },
  VAULT_NAME_UNRESOLVED: {
    summary: 'The name of the key vault does not resolve.',
    cause: 'DNS has no address for it: a wrong name, a deleted vault, or a private zone that is not linked or has no record.',
    remedy: [
      'Operator: nslookup VAULT.vault.azure.net from where the service runs.',
      `With a private endpoint: link the zone ${ZONES} to the VNet, with an A record for the vault.`,
    ],
  },
  VAULT_TIMEOUT: {
    summary: 'The key vault does not answer in time.',
    cause: 'No connection or no answer within the time-out: a network rule that drops packets, or an outage.',
    remedy: [RETRY, 'Operator: check that network security groups and firewalls let port 443 out to the vault.'],
  },
  VAULT_UNREACHABLE: {
    summary: 'The key vault cannot be reached.',
    cause: 'The connection was refused or broken, or the certificate of the other side is not trusted.',
    remedy: [RETRY, 'Operator: the log has the error of the connection; check proxies that break TLS open.'],
  },
  VAULT_UNAVAILABLE: {
    summary: 'The key vault has an outage.',
    cause: 'It answered 5xx.',
    remedy: [
      RETRY,
      'Operator: check Azure status for the region; a process that has opened its keys goes on signing where the vault only wraps them.',
    ],
  },
  VAULT_ANSWER_INVALID: {
    summary: 'Something other than a key vault answered.',
    cause: 'The answer is a redirect, is not JSON, is too large, or lacks what was asked for.',
    remedy: ['Operator: check keys.vault.url, and proxies on the way.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
