import type { Clock } from '#utilities/clock/contract.js';
import { badParameter, ok, type VaultAnswer } from './vault-answer.js';
import { deletedButRecoverable, keyNotFound } from './vault-faults.js';
import { bundleOf, importKey, itemOf, type KeyWishes, makeKey, RSA_SIZES, type VaultKey } from './vault-key.js';
import { type JsonObject, memberOf, numberOf, objectOf, wishesOf } from './vault-request.js';

const PAGE = 25;
const RETENTION_SECONDS = 90 * 24 * 3_600;

interface NamedKey {
  /** Oldest first; the last is the latest. */
  readonly versions: VaultKey[];
  /** Seconds; `null`: not deleted. */
  deletedAt: number | null;
}

interface VaultKeysDeps {
  readonly clock: Clock;
  readonly vaultUrl: () => string;
}

/** The keys of the vault, with their versions and their life after deletion. */
export class VaultKeys {
  private readonly byName = new Map<string, NamedKey>();

  constructor(private readonly deps: VaultKeysDeps) {}

  async create(name: string, body: JsonObject): Promise<VaultAnswer> {
    const kty = memberOf(body, 'kty', ['RSA', 'RSA-HSM', 'EC', 'EC-HSM'] as const);
    if (kty === null) return badParameter("Property 'kty' has invalid value.");
    const isEc = kty.startsWith('EC');
    if (isEc && body['crv'] !== 'P-256') return badParameter("Property 'crv' has invalid value.");
    const size = isEc ? 256 : (numberOf(body, 'key_size') ?? 2048);
    if (!isEc && !RSA_SIZES.includes(size)) return badParameter("Property 'key_size' has invalid value.");
    return this.conflictOf(name) ?? this.add(await makeKey({ name, now: this.seconds(), kty, wishes: wishesOf(body) }, size));
  }

  bringIn(name: string, body: JsonObject): VaultAnswer {
    const { key_ops: operations, ...jwk } = objectOf(body, 'key');
    const kty = memberOf(jwk, 'kty', ['RSA', 'RSA-HSM', 'EC', 'EC-HSM'] as const);
    if (kty === null) return badParameter("Property 'kty' has invalid value.");
    const wishes = wishesOf({ ...body, ...(operations === undefined ? {} : { key_ops: operations }) });
    try {
      const material = { ...jwk, kty: kty.replace('-HSM', '') };
      return this.conflictOf(name) ?? this.add(importKey({ name, now: this.seconds(), kty, wishes }, material));
    } catch {
      return badParameter('The key material is not a private key of this type.');
    }
  }

  async rotate(name: string): Promise<VaultAnswer> {
    const latest = this.find(name, '');
    if (latest === null) return keyNotFound(name);
    const { kty, size, operations, tags } = latest;
    return this.add(await makeKey({ name: latest.name, now: this.seconds(), kty, wishes: { operations, tags } }, size));
  }

  get(name: string, version: string): VaultAnswer {
    const key = this.find(name, version);
    return key === null ? keyNotFound(idOf(name, version)) : ok(bundleOf(key, this.deps.vaultUrl()));
  }

  /** A page of versions; `skip` comes from the link to the next page. */
  list(name: string, page: { readonly skip: number; readonly max: number | null; readonly apiVersion: string }): VaultAnswer {
    const named = this.live(name);
    if (named === null) return ok({ value: [], nextLink: null });
    const max = Math.min(page.max ?? PAGE, PAGE);
    const items = named.versions.slice(page.skip, page.skip + max).map((key) => itemOf(key, this.deps.vaultUrl()));
    const next = page.skip + max;
    const query = `api-version=${page.apiVersion}&$skiptoken=${next}&maxresults=${max}`;
    const hasMore = next < named.versions.length;
    return ok({ value: items, nextLink: hasMore ? `${this.deps.vaultUrl()}/keys/${name}/versions?${query}` : null });
  }

  update(name: string, version: string, body: JsonObject): VaultAnswer {
    const key = this.find(name, version);
    if (key === null) return keyNotFound(idOf(name, version));
    this.change(key, wishesOf(body));
    return ok(bundleOf(key, this.deps.vaultUrl()));
  }

  remove(name: string): VaultAnswer {
    const named = this.live(name);
    if (named === null) return keyNotFound(name);
    named.deletedAt = this.seconds();
    return ok(this.deletedBundle(name, named));
  }

  getDeleted(name: string): VaultAnswer {
    const named = this.dead(name);
    return named === null ? keyNotFound(name) : ok(this.deletedBundle(name, named));
  }

  recover(name: string): VaultAnswer {
    const named = this.dead(name);
    if (named === null) return keyNotFound(name);
    named.deletedAt = null;
    return this.get(name, '');
  }

  purge(name: string): VaultAnswer {
    if (this.dead(name) === null) return keyNotFound(name);
    this.byName.delete(name.toLowerCase());
    return { status: 204, body: null };
  }

  /** The version that is asked for, `''` for the latest; `null` also for a deleted key. */
  find(name: string, version: string): VaultKey | null {
    const versions = this.live(name)?.versions ?? [];
    if (version === '') return versions.at(-1) ?? null;
    return versions.find((key) => key.version === version.toLowerCase()) ?? null;
  }

  private change(key: VaultKey, wishes: KeyWishes): void {
    key.enabled = wishes.enabled ?? key.enabled;
    key.notBefore = wishes.notBefore ?? key.notBefore;
    key.expires = wishes.expires ?? key.expires;
    key.operations = wishes.operations ?? key.operations;
    key.tags = wishes.tags ?? key.tags;
    key.updated = this.seconds();
  }

  private add(key: VaultKey): VaultAnswer {
    // Another request may have deleted the name while this key was made.
    const conflict = this.conflictOf(key.name);
    if (conflict !== null) return conflict;
    const named = this.live(key.name);
    if (named === null) this.byName.set(key.name.toLowerCase(), { versions: [key], deletedAt: null });
    else named.versions.push(key);
    return ok(bundleOf(key, this.deps.vaultUrl()));
  }

  private conflictOf(name: string): VaultAnswer | null {
    return this.dead(name) === null ? null : deletedButRecoverable(name);
  }

  private live(name: string): NamedKey | null {
    const named = this.byName.get(name.toLowerCase());
    return named?.deletedAt === null ? named : null;
  }

  private dead(name: string): NamedKey | null {
    const named = this.byName.get(name.toLowerCase());
    return named === undefined || named.deletedAt === null ? null : named;
  }

  private deletedBundle(name: string, named: NamedKey): Record<string, unknown> {
    const latest = named.versions.at(-1);
    const deletedDate = named.deletedAt ?? 0;
    return {
      recoveryId: `${this.deps.vaultUrl()}/deletedkeys/${name}`,
      deletedDate,
      scheduledPurgeDate: deletedDate + RETENTION_SECONDS,
      ...(latest === undefined ? {} : bundleOf(latest, this.deps.vaultUrl())),
    };
  }

  private seconds(): number {
    return Math.floor(this.deps.clock.now() / 1000);
  }
}

function idOf(name: string, version: string): string {
  return version === '' ? name : `${name}/${version}`;
}
