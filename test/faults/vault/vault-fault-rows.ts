import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { presentable } from '#devkit/key-vault/vault-caller.js';
import { selfSigned } from '../../support/self-signed.js';
import type { VaultKnobs } from '#devkit/key-vault/vault-knobs.js';
import { CALM } from '#devkit/key-vault/vault-knobs.js';
import type { VaultHouse } from './vault.house.js';

/** One way in which a vault fails: how it is brought about and ended, and what a process must make of it. */
export interface VaultFaultRow {
  readonly fault: 'F21' | 'F22';
  readonly name: string;
  /** Of a signature in the vault. */
  readonly code: ErrorCode;
  /** Of a process that starts, where it is another one. */
  readonly startCode?: ErrorCode;
  /** Of the processes that meet it, where it is not the default. */
  readonly timeoutMs?: number;
  /** What the operator's log must have. */
  readonly logged?: RegExp;
  readonly inject: (house: VaultHouse) => Promise<unknown>;
  readonly heal: (house: VaultHouse) => Promise<unknown>;
}

const calm = ({ vault }: VaultHouse): Promise<void> => vault.turn(CALM);

function knob(name: string, code: ErrorCode, knobs: Partial<VaultKnobs>): VaultFaultRow {
  return { fault: 'F22', name, code, inject: ({ vault }) => vault.turn(knobs), heal: calm };
}

export const VAULT_FAULT_ROWS: readonly VaultFaultRow[] = [
  {
    ...knob('429 with Retry-After, all calls', 'VAULT_THROTTLED', { fault: 'throttled', retryAfterSeconds: 7 }),
    fault: 'F21',
    logged: /HTTP 429|not asked/,
  },
  { ...knob('429 without Retry-After', 'VAULT_THROTTLED', { fault: 'throttled', retryAfterSeconds: null }), fault: 'F21' },
  {
    ...knob('429 with a Retry-After of an hour', 'VAULT_THROTTLED', { fault: 'throttled', retryAfterSeconds: 3_600 }),
    fault: 'F21',
  },
  knob('no listener', 'VAULT_UNREACHABLE', { outage: 'refused' }),
  knob('connections that end without an answer', 'VAULT_UNREACHABLE', { outage: 'reset' }),
  knob('answers that end in the middle', 'VAULT_UNREACHABLE', { outage: 'cut' }),
  { ...knob('no answer', 'VAULT_TIMEOUT', { outage: 'hang' }), timeoutMs: 300 },
  { ...knob('an answer of one byte in 20 ms', 'VAULT_TIMEOUT', { slow: { delayMs: 0, drip: true } }), timeoutMs: 300 },
  knob('500', 'VAULT_UNAVAILABLE', { fault: 'server-error' }),
  knob('503', 'VAULT_UNAVAILABLE', { fault: 'unavailable' }),
  knob('502 in HTML', 'VAULT_UNAVAILABLE', { fault: 'html' }),
  { ...knob('401 with a fresh token', 'VAULT_UNAUTHENTICATED', { fault: 'unauthorized' }), logged: /HTTP 401/ },
  {
    ...knob('firewall, public address', 'VAULT_FIREWALL_PUBLIC_ADDRESS', { fault: 'firewall-public' }),
    logged: /Client address: 203\.0\.113\.7/,
  },
  {
    ...knob('firewall, private address', 'VAULT_FIREWALL_PRIVATE_ADDRESS', { fault: 'firewall-private' }),
    logged: /Client address: 172\.25\.1\.187/,
  },
  knob('private endpoint that is not approved', 'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED', { fault: 'private-endpoint-pending' }),
  knob('public network access off', 'VAULT_PUBLIC_ACCESS_DISABLED', { fault: 'public-access-disabled' }),
  { ...knob('no role', 'VAULT_ROLE_MISSING', { fault: 'rbac' }), logged: /Assignment: \(not found\)/ },
  { ...knob('no access policy', 'VAULT_ACCESS_POLICY_MISSING', { fault: 'access-policy' }), logged: /does not have keys/ },
  {
    fault: 'F22',
    name: 'disabled versions',
    code: 'VAULT_KEY_DISABLED',
    inject: (house) => house.updateKeys(false),
    heal: (house) => house.updateKeys(true),
  },
  {
    fault: 'F22',
    name: 'keys that were deleted softly',
    code: 'VAULT_KEY_NOT_FOUND',
    startCode: 'VAULT_KEY_DELETED',
    inject: (house) => house.deleteKeys(),
    heal: (house) => house.recoverKeys(),
  },
  knob('a version that is not there', 'VAULT_KEY_NOT_FOUND', { fault: 'not-found' }),
  {
    fault: 'F22',
    name: 'another certificate',
    code: 'VAULT_UNREACHABLE',
    logged: /CERT|SELF_SIGNED/,
    inject: async ({ vault }) => vault.present(presentable(selfSigned())),
    heal: async ({ vault, tls }) => vault.present(tls),
  },
];
