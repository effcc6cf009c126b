import { readFileSync } from 'node:fs';
import type { Clock } from '#utilities/clock/contract.js';
import type { VaultSettings } from '#utilities/config/contract.js';
import { SigningRateGuard } from './signing-rate.guard.js';
import { VaultClient } from './vault.client.js';
import { MsalVaultCredential } from './vault.credential.js';
import { VaultHttp } from './vault.http.js';
import { VaultKeys } from './vault.keys.js';
import { VaultNetwork } from './vault.network.js';
import { VaultTokens } from './vault.tokens.js';

const CONNECT_TIMEOUT_MS = 2_000;
const TIMEOUT_MS = 4_000;

/** The keys of the configured vault. Nothing is asked of it before they are used. */
export function openVault(settings: VaultSettings, clock: Clock): { readonly keys: VaultKeys; readonly host: string } {
  const vaultUrl = new URL(settings.url);
  const ca = settings.caFile === null ? null : readFileSync(settings.caFile, 'utf8');
  const http = new VaultHttp({ ca, connectTimeoutMs: CONNECT_TIMEOUT_MS, timeoutMs: TIMEOUT_MS });
  const { credential: proof, clientId, tenantId, loginHosts } = settings;
  const credential = new MsalVaultCredential({ proof, clientId, tenantId, network: () => new VaultNetwork({ http }) });
  const tokens = new VaultTokens({ credential, clock });
  const client = new VaultClient({ vaultUrl, http, tokens, clock, trustedLoginHosts: loginHosts });
  const guard = new SigningRateGuard({ clock, unitsPer10Seconds: settings.signsPer10Seconds });
  return { keys: new VaultKeys({ client, guard }), host: vaultUrl.host };
}
