import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { SigningRateGuard } from './signing-rate.guard.js';
import type { VaultClient } from './vault.client.js';
import { answerInvalid } from './vault.faults.js';

/** One version of a key. */
export interface VaultVersion {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly version: string;
}

export interface VaultVersionItem extends VaultVersion {
  readonly enabled: boolean;
  /** Unix seconds. */
  readonly created: number;
  readonly tags: Readonly<Record<string, unknown>>;
}

export interface VaultPublicKey extends VaultVersion {
  /** As the vault shows it: members of RFC 7517 beside its own. */
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
}

export interface NewVaultKey {
  readonly kty: 'EC' | 'RSA' | 'EC-HSM' | 'RSA-HSM';
  readonly operations: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

interface Dependencies {
  readonly client: VaultClient;
  /** Of the vault alone that signs token by token. */
  readonly guard?: SigningRateGuard;
}

const NAME = /^[0-9a-z-]{1,127}$/i;
const VERSION = /^[0-9a-f]{32}$/i;
const MOST_PAGES = 20;

/** The keys of one vault, in the words of its REST API. */
export class VaultKeys {
  constructor(private readonly deps: Dependencies) {}

  /** `version` undefined: the latest. @throws CodedError a code of the vault */
  async get(name: string, version?: string): Promise<VaultPublicKey> {
    const path = version === undefined ? pathOf(name) : pathOf(name, version);
    const what = `get ${path}`;
    try {
      const bundle = await this.deps.client.call({ method: 'GET', path, what, repeatable: true });
      return publicKeyOf(what, bundle);
    } catch (cause) {
      throw await this.toldFromDeleted(name, cause);
    }
  }

  async create(name: string, { kty, operations, tags }: NewVaultKey): Promise<VaultPublicKey> {
    const shape = kty.startsWith('EC') ? { crv: 'P-256' } : { key_size: 2048 };
    const body = { kty, ...shape, key_ops: operations, tags, attributes: { enabled: true } };
    const what = `create ${pathOf(name)}`;
    // Sent once: a second version would be made by a repetition whose first answer was lost.
    const path = `${pathOf(name)}/create`;
    return publicKeyOf(what, await this.deps.client.call({ method: 'POST', path, body, what, repeatable: false }));
  }

  /** Every version, none at all for a name that there is not. */
  async versions(name: string): Promise<VaultVersionItem[]> {
    const what = `list versions of ${name}`;
    const items: VaultVersionItem[] = [];
    let query = '';
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const path = `${pathOf(name)}/versions`;
      const answer = await this.deps.client.call({ method: 'GET', path, query, what, repeatable: true });
      const { value, nextLink } = answer;
      if (!Array.isArray(value)) throw answerInvalid(what, 'no list');
      items.push(...value.map((item) => itemOf(what, item)));
      if (typeof nextLink !== 'string' || nextLink === '') return items;
      query = queryOf(what, nextLink);
    }
    throw answerInvalid(what, 'too many pages');
  }

  /** The signature over a digest of SHA-256, as JWS has it. `units`: what it weighs for the rate guard. */
  async sign(key: VaultVersion, request: { algorithm: string; digest: Buffer; units: number }): Promise<Buffer> {
    const body = { alg: request.algorithm, value: request.digest.toString('base64url') };
    return this.operate(key, { operation: 'sign', body, admit: () => this.deps.guard?.take(request.units) });
  }

  wrap(key: VaultVersion, value: Buffer): Promise<Buffer> {
    return this.operate(key, { operation: 'wrapkey', body: wrapping(value) });
  }

  unwrap(key: VaultVersion, value: Buffer): Promise<Buffer> {
    return this.operate(key, { operation: 'unwrapkey', body: wrapping(value) });
  }

  async disable({ name, version }: VaultVersion): Promise<void> {
    const path = pathOf(name, version);
    const body = { attributes: { enabled: false } };
    await this.deps.client.call({ method: 'PATCH', path, body, what: `disable ${path}`, repeatable: true });
  }

  private async operate(
    { name, version }: VaultVersion,
    { operation, body, admit }: { operation: string; body: object; admit?: () => void },
  ): Promise<Buffer> {
    const path = `${pathOf(name, version)}/${operation}`;
    const what = `${operation} with ${pathOf(name, version)}`;
    const guarded = admit === undefined ? {} : { admit };
    const { value } = await this.deps.client.call({ method: 'POST', path, body, what, repeatable: true, ...guarded });
    if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) throw answerInvalid(what, 'no value');
    return Buffer.from(value, 'base64url');
  }

  /** For a key that is not there, the vault says the same whether it never was or is deleted and can be recovered. */
  private async toldFromDeleted(name: string, cause: unknown): Promise<unknown> {
    if (!isCodedError(cause) || cause.code !== 'VAULT_KEY_NOT_FOUND') return cause;
    const path = `/deletedkeys/${encodeURIComponent(name)}`;
    const isDeleted = await this.deps.client.call({ method: 'GET', path, what: `look for ${path}`, repeatable: false }).then(
      () => true,
      () => false,
    );
    return isDeleted ? new CodedError('VAULT_KEY_DELETED', { ...cause.details }) : cause;
  }
}

function wrapping(value: Buffer): object {
  return { alg: 'RSA-OAEP-256', value: value.toString('base64url') };
}

/** INVARIANT: a name or version that is not one never becomes a part of a path. */
function pathOf(name: string, version?: string): string {
  if (!NAME.test(name) || (version !== undefined && !VERSION.test(version))) {
    throw new CodedError('VAULT_KEY_NOT_FOUND', { internal: 'not the name and version of a key' });
  }
  return version === undefined ? `/keys/${name}` : `/keys/${name}/${version}`;
}

function publicKeyOf(what: string, bundle: Record<string, unknown>): VaultPublicKey {
  const jwk = objectOf(bundle['key']);
  return { ...versionOf(what, jwk['kid']), jwk, enabled: objectOf(bundle['attributes'])['enabled'] === true };
}

function itemOf(what: string, item: unknown): VaultVersionItem {
  const { kid, attributes, tags } = objectOf(item);
  const { enabled, created } = objectOf(attributes);
  return {
    ...versionOf(what, kid),
    enabled: enabled === true,
    created: typeof created === 'number' ? created : 0,
    tags: objectOf(tags),
  };
}

/** Of a key id, the name and the version alone: the host is the one that we asked. */
function versionOf(what: string, kid: unknown): VaultVersion {
  const [, name, version] = /\/keys\/([0-9a-z-]{1,127})\/([0-9a-f]{32})$/i.exec(typeof kid === 'string' ? kid : '') ?? [];
  if (name === undefined || version === undefined) throw answerInvalid(what, 'no key id');
  return { name, version: version.toLowerCase() };
}

/** Of a link to the next page, the query alone: the token is sent to the vault and to nobody else. */
function queryOf(what: string, nextLink: string): string {
  const url = URL.parse(nextLink);
  if (url === null) throw answerInvalid(what, 'a link that is not a URL');
  url.searchParams.delete('api-version');
  return url.searchParams.toString();
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
