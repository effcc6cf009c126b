import { type VaultAnswer, vaultError } from './vault-answer.js';
import type { VaultFault, VaultKnobs } from './vault-knobs.js';

/** What a refusal tells about the one who asked and the key that was asked for. */
export interface FaultScene {
  readonly knobs: VaultKnobs;
  readonly vaultName: string;
  readonly keyName: string;
  readonly caller: string;
  readonly action: string;
}

// RFC 5737 and RFC 1918: nobody lives at either.
const PUBLIC_ADDRESS = '203.0.113.7';
const PRIVATE_ADDRESS = '172.25.1.187';

/** `unauthorized` comes with the challenge, which is not known here. */
export type AnsweredFault = Exclude<VaultFault, 'unauthorized'>;

const FAULTS: { readonly [Fault in AnsweredFault]: (scene: FaultScene) => VaultAnswer } = {
  'firewall-public': (scene) => firewall(scene, PUBLIC_ADDRESS),
  'firewall-private': (scene) => firewall(scene, PRIVATE_ADDRESS),
  'private-endpoint-pending': (scene) => ({
    ...firewall(scene, PRIVATE_ADDRESS),
    headers: { 'x-ms-keyvault-network-info': `conn_type=PrivateLink;addr=${PRIVATE_ADDRESS};act_addr_fam=InterNetworkV6;` },
  }),
  'public-access-disabled': (scene) =>
    forbidden(
      'ForbiddenByConnection',
      'Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n' +
        `Caller: ${scene.caller}\r\nVault: ${scene.vaultName};location=westeurope`,
    ),
  rbac: (scene) =>
    forbidden(
      'ForbiddenByRbac',
      'Caller is not authorized to perform action on resource.\r\n' +
        'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n' +
        `Caller: ${scene.caller}\r\nAction: 'Microsoft.KeyVault/vaults/keys/${scene.action}/action'\r\n` +
        "Resource: '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg/providers/microsoft.keyvault" +
        `/vaults/${scene.vaultName}/keys/${scene.keyName}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n` +
        `DecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: ${scene.vaultName};location=westeurope\r\n`,
    ),
  'access-policy': (scene) =>
    forbidden(
      'AccessDenied',
      `The user, group or application '${scene.caller}' does not have keys ${scene.action} permission on key vault ` +
        `'${scene.vaultName};location=westeurope'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
    ),
  'not-found': (scene) => keyNotFound(scene.keyName),
  conflict: (scene) => deletedButRecoverable(scene.keyName),
  throttled: ({ knobs }) => throttled(knobs.retryAfterSeconds),
  'server-error': () =>
    vaultError({ status: 500, code: 'InternalServerError', message: 'Service has encountered an internal error.' }),
  unavailable: ({ knobs }) =>
    vaultError({
      status: 503,
      code: 'ServiceUnavailable',
      message: 'The service is temporarily unavailable.',
      headers: retryAfter(knobs.retryAfterSeconds),
    }),
  // What a proxy on the way answers, and no vault ever.
  html: () => ({ status: 502, body: '<html><body>Bad Gateway</body></html>', headers: { 'content-type': 'text/html' } }),
};

export function faultAnswer(fault: AnsweredFault, scene: FaultScene): VaultAnswer {
  return FAULTS[fault](scene);
}

export function keyNotFound(id: string): VaultAnswer {
  return vaultError({
    status: 404,
    code: 'KeyNotFound',
    message:
      `A key with (name/id) ${id} was not found in this key vault. If you recently deleted this key you may be able to recover it ` +
      'using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182',
  });
}

export function deletedButRecoverable(name: string): VaultAnswer {
  return vaultError({
    status: 409,
    code: 'Conflict',
    message:
      `Key ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can ` +
      'only be recovered or purged.',
    inner: 'ObjectIsDeletedButRecoverable',
  });
}

export function throttled(seconds: number | null): VaultAnswer {
  return vaultError({
    status: 429,
    code: 'Throttled',
    message: 'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
    headers: retryAfter(seconds),
  });
}

export function forbidden(inner: string, message: string): VaultAnswer {
  return vaultError({ status: 403, code: 'Forbidden', message, inner });
}

function firewall({ knobs, caller, vaultName }: FaultScene, address: string): VaultAnswer {
  return forbidden(
    'ForbiddenByFirewall',
    'Client address is not authorized and caller is not a trusted service.\r\n' +
      `Client address: ${knobs.clientAddress ?? address}\r\nCaller: ${caller}\r\nVault: ${vaultName};location=westeurope`,
  );
}

function retryAfter(seconds: number | null): Record<string, string> {
  return seconds === null ? {} : { 'retry-after': String(seconds) };
}
