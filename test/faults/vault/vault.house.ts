import { AzureKeyVaultKeyEncryptionKey } from '#accessors/key/azure-key-vault.key-encryption-key.js';
import { AzureKeyVaultSigningBackend } from '#accessors/key/backends/azure-key-vault.signing-backend.js';
import { LocalSigningBackend } from '#accessors/key/backends/local.signing-backend.js';
import { KeptKeyEncryptionKey } from '#accessors/key/kept.key-encryption-key.js';
import type { CreatedKey } from '#accessors/key/signing-backend.contract.js';
import { SigningRateGuard } from '#accessors/key/vault/signing-rate.guard.js';
import { VaultClient } from '#accessors/key/vault/vault.client.js';
import { VaultHttp, type VaultHttpOptions } from '#accessors/key/vault/vault.http.js';
import { VaultKeys } from '#accessors/key/vault/vault.keys.js';
import { VaultTokens } from '#accessors/key/vault/vault.tokens.js';
import { KeyVaultStandIn, type StartedVault } from '#devkit/key-vault/key-vault-stand-in.js';
import { presentable, VaultCaller } from '#devkit/key-vault/vault-caller.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Clock } from '#utilities/clock/contract.js';
import { selfSigned } from '../../support/self-signed.js';

const KEK = 'kek';
const HOUR_MS = 3_600_000;

interface ProcessOptions {
  readonly lookup?: VaultHttpOptions['lookup'];
  /** Of the rate guard. Default: far above anything here. */
  readonly unitsPer10Seconds?: number;
  /** For one request. Default: long enough for a machine that is busy. */
  readonly timeoutMs?: number;
}

/** What one process has of the vault: both ways to sign, and the client below them. */
export interface VaultProcess {
  readonly direct: AzureKeyVaultSigningBackend;
  readonly wrapping: LocalSigningBackend;
  readonly keys: VaultKeys;
}

/** A vault that can be broken, and processes that use it. */
export class VaultHouse {
  readonly tls = presentable(selfSigned());
  readonly vault: KeyVaultStandIn;
  readonly operator: VaultCaller;
  private started: StartedVault | undefined;
  private readonly opened: VaultHttp[] = [];

  constructor(readonly clock: Clock) {
    this.vault = new KeyVaultStandIn({ clock });
    const { cert: ca } = this.tls;
    this.operator = new VaultCaller({ vaultUrl: () => this.address.vaultUrl, ca, token: () => this.vault.issueToken() });
  }

  async start(): Promise<StartedVault> {
    this.started = await this.vault.start({ tls: this.tls });
    await this.operator.ask(`/keys/${KEK}/create`, { body: { kty: 'RSA', key_size: 2048 } });
    return this.started;
  }

  async stop(): Promise<void> {
    for (const http of this.opened) http.close();
    await this.vault.stop();
  }

  /** A process that knows nothing yet. */
  process({ lookup, unitsPer10Seconds = 1_000_000, timeoutMs = 5_000 }: ProcessOptions = {}): VaultProcess {
    const { clock } = this;
    const vaultUrl = new URL(this.address.vaultUrl);
    const http = new VaultHttp({
      ca: this.tls.cert,
      connectTimeoutMs: timeoutMs,
      timeoutMs,
      ...(lookup === undefined ? {} : { lookup }),
    });
    this.opened.push(http);
    const acquire = (): Promise<{ value: string; expiresAt: number }> =>
      Promise.resolve({ value: this.vault.issueToken(), expiresAt: clock.now() + HOUR_MS });
    const tokens = new VaultTokens({ credential: { acquire }, clock });
    const client = new VaultClient({ vaultUrl, http, tokens, clock, trustedLoginHosts: [vaultUrl.host] });
    const keys = new VaultKeys({ client, guard: new SigningRateGuard({ clock, unitsPer10Seconds }) });
    const vaultHost = vaultUrl.host;
    const current = new AzureKeyVaultKeyEncryptionKey({ keys, vaultHost, keyName: KEK, keyVersion: null });
    const keyEncryptionKey = new KeptKeyEncryptionKey({ current, further: [] });
    return {
      direct: new AzureKeyVaultSigningBackend({ keys, vaultHost, keyPrefix: 'tok', hsm: false }),
      wrapping: new LocalSigningBackend({ keyEncryptionKey }),
      keys,
    };
  }

  /** A key of each kind, as they would stand in the keyring. */
  async makeKeys(process: VaultProcess): Promise<{ readonly direct: CreatedKey; readonly wrapped: CreatedKey }> {
    return { direct: await process.direct.create('ES256', 'one'), wrapped: await process.wrapping.create('ES256') };
  }

  async updateKeys(enabled: boolean): Promise<void> {
    for (const name of [KEK, 'tok-es256']) {
      await this.operator.ask(`/keys/${name}`, { method: 'PATCH', body: { attributes: { enabled } } });
    }
  }

  async deleteKeys(): Promise<void> {
    for (const name of [KEK, 'tok-es256']) await this.operator.ask(`/keys/${name}`, { method: 'DELETE' });
  }

  async recoverKeys(): Promise<void> {
    for (const name of [KEK, 'tok-es256']) await this.operator.ask(`/deletedkeys/${name}/recover`, { body: {} });
  }

  private get address(): StartedVault {
    if (this.started === undefined) throw new Error('the vault was not started');
    return this.started;
  }
}

/** What a call came to: its code, or `ok`; with what the operator reads of it. */
export interface Outcome {
  readonly code: string;
  readonly internal: string;
  readonly told: string;
  readonly retryAfterSeconds: number | undefined;
}

export async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    await work();
    return { code: 'ok', internal: '', told: '', retryAfterSeconds: undefined };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const { internal = '', retryAfterSeconds, actual = '', expected = '' } = error.details;
    return { code: error.code, internal, told: `${error.message} ${actual} ${expected}`, retryAfterSeconds };
  }
}
