import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { SigningAlgorithm } from '../contract.js';
import { jwsVerifies } from '../jws-signature.js';
import { publicMembers } from '../key-pair.js';
import type { CreatedKey, KeyHandle, PublicMembers, SigningBackend } from '../signing-backend.contract.js';
import type { VaultKeys, VaultPublicKey, VaultVersion, VaultVersionItem } from '../vault/vault.keys.js';

interface Dependencies {
  readonly keys: Pick<VaultKeys, 'get' | 'create' | 'versions' | 'sign' | 'disable'>;
  /** Host and port: a reference to another vault is not one of ours. */
  readonly vaultHost: string;
  /** Names of keys made here are `{prefix}-{algorithm}`. */
  readonly keyPrefix: string;
  /** Whether keys are made in hardware. */
  readonly hsm: boolean;
}

interface OpenedKey {
  readonly algorithm: SigningAlgorithm;
  readonly key: VaultVersion;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicMembers;
  /** What a signature weighs for the limit of the vault. */
  readonly units: number;
}

const ATTEMPT_TAG = 'countersign-attempt';
const PROBE = 'countersign self-test';
/** Units of each RSA size against RSA-2048 and P-256, from the published limits. */
const UNITS: Readonly<Record<number, number>> = { 3072: 4, 4096: 8 };

/**
 * Keys that never leave Azure Key Vault: it is sent the digest of every token and answers the signature. A reference names vault,
 * key and version, always the version: what the vault calls the latest may be a key that verifiers have not seen.
 */
export class AzureKeyVaultSigningBackend implements SigningBackend {
  readonly name = 'azure-key-vault';
  readonly algorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256'];
  private readonly opened = new Map<string, OpenedKey>();

  constructor(private readonly deps: Dependencies) {}

  /**
   * The attempt is a tag of the version. A version that carries it was made before and not recorded, and is adopted. A vault has
   * no compare-and-set: of several made within the same moment the oldest is taken, and the keyring records one. None is disabled
   * here, since another process may be recording it.
   */
  async create(algorithm: SigningAlgorithm, attempt: string): Promise<CreatedKey> {
    this.checkAlgorithm(algorithm);
    const name = `${this.deps.keyPrefix}-${algorithm.toLowerCase()}`;
    const version = (await this.versionOf(name, attempt)) ?? (await this.make(name, algorithm, attempt));
    const handle: KeyHandle = { reference: `${this.deps.vaultHost}/${version.name}/${version.version}`, sealed: null };
    return { handle, publicJwk: await this.publicKey(handle, algorithm) };
  }

  sign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Promise<Buffer> {
    const opened = this.opened.get(handle.reference);
    if (opened !== undefined && opened.algorithm === algorithm) return this.signWith(opened, input);
    return this.open(handle, algorithm).then((key) => this.signWith(key, input));
  }

  async publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers> {
    return (await this.open(handle, algorithm)).publicJwk;
  }

  /** Key Vault ends no single version, so it is disabled; it goes for good with the key, by the operator. */
  async destroy(handle: KeyHandle): Promise<void> {
    this.forget(handle);
    try {
      await this.deps.keys.disable(this.versionNamed(handle));
    } catch (cause) {
      if (!isGone(cause)) throw cause;
    }
  }

  forget(handle: KeyHandle): void {
    this.opened.delete(handle.reference);
  }

  private async make(name: string, algorithm: SigningAlgorithm, attempt: string): Promise<VaultVersion> {
    const kty = `${algorithm === 'ES256' ? 'EC' : 'RSA'}${this.deps.hsm ? '-HSM' : ''}` as const;
    const tags = { [ATTEMPT_TAG]: attempt };
    const made = await this.deps.keys.create(name, { kty, operations: ['sign', 'verify'], tags });
    return (await this.versionOf(name, attempt)) ?? made;
  }

  private async versionOf(name: string, attempt: string): Promise<VaultVersion | undefined> {
    const versions = await this.deps.keys.versions(name);
    const tagged = versions.filter(({ enabled, tags }) => enabled && tags[ATTEMPT_TAG] === attempt);
    return tagged.sort(byAge)[0];
  }

  private async open(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<OpenedKey> {
    this.checkAlgorithm(algorithm);
    const known = this.opened.get(handle.reference);
    if (known !== undefined && known.algorithm === algorithm) return known;
    const key = this.versionNamed(handle);
    const found = await this.deps.keys.get(key.name, key.version);
    if (!found.enabled) throw new CodedError('VAULT_KEY_DISABLED', { internal: `key ${key.name}/${key.version}` });
    const { publicKey, publicJwk } = publicHalf(found, algorithm);
    const opened = {
      algorithm,
      key,
      publicKey,
      publicJwk,
      units: UNITS[publicKey.asymmetricKeyDetails?.modulusLength ?? 0] ?? 1,
    };
    await this.signWith(opened, PROBE);
    this.opened.set(handle.reference, opened);
    return opened;
  }

  /** SECURITY: what comes back is verified before it leaves: another key's signature under our kid would be seen by verifiers alone. */
  private async signWith({ key, algorithm, publicKey, units }: OpenedKey, input: string): Promise<Buffer> {
    const digest = createHash('sha256').update(input, 'latin1').digest();
    const signature = await this.deps.keys.sign(key, { algorithm, digest, units });
    if (jwsVerifies(publicKey, algorithm, { input, signature })) return signature;
    throw new CodedError('SIGNING_UNAVAILABLE', {
      internal: `the vault answered a signature that ${key.name}/${key.version} did not make`,
    });
  }

  /** SECURITY: a reference comes out of the database; it never decides which host is sent our access token. */
  private versionNamed({ reference }: KeyHandle): VaultVersion {
    const [, host, name, version] = /^([^/]+)\/([0-9a-z-]{1,127})\/([0-9a-f]{32})$/i.exec(reference) ?? [];
    if (host !== this.deps.vaultHost || name === undefined || version === undefined) {
      throw new CodedError('KEY_UNSEAL_FAILED', { internal: 'not a reference to a key version of the configured vault' });
    }
    return { name, version };
  }

  private checkAlgorithm(algorithm: SigningAlgorithm): void {
    if (this.algorithms.includes(algorithm)) return;
    throw new CodedError('SIGNING_UNAVAILABLE', { internal: `Azure Key Vault does not sign with ${algorithm}` });
  }
}

function publicHalf(found: VaultPublicKey, algorithm: SigningAlgorithm): { publicKey: KeyObject; publicJwk: PublicMembers } {
  try {
    const publicKey = createPublicKey({ key: memberNames(found.jwk), format: 'jwk' });
    return { publicKey, publicJwk: publicMembers(publicKey, algorithm) };
  } catch {
    throw new CodedError('KEY_UNSEAL_FAILED', { internal: `key ${found.name}/${found.version} does not fit ${algorithm}` });
  }
}

function memberNames(jwk: Readonly<Record<string, unknown>>): JsonWebKey {
  const text = (name: string): Record<string, string> => {
    const value = jwk[name];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  const kty = typeof jwk['kty'] === 'string' ? jwk['kty'].replace(/-HSM$/, '') : '';
  return { kty, ...text('crv'), ...text('x'), ...text('y'), ...text('n'), ...text('e') };
}

function byAge(one: VaultVersionItem, other: VaultVersionItem): number {
  return one.created - other.created || (one.version < other.version ? -1 : 1);
}

function isGone(cause: unknown): boolean {
  return isCodedError(cause) && (cause.code === 'VAULT_KEY_NOT_FOUND' || cause.code === 'VAULT_KEY_DELETED');
}
