import type { SecretDigest } from '../client-secret.check.js';
import type { ClientRegistration, ClientTarget, IssuerScopedId, RegisteredClient } from '../contract.js';

/** A client as it is kept in memory, with what its secrets are checked against. */
export interface StoredClient {
  readonly client: RegisteredClient;
  readonly isActive: boolean;
  /** Empty when the client is disabled or public: then nothing matches. */
  readonly digests: readonly SecretDigest[];
  /** Everything that was read, in one string: tells whether anything changed. */
  readonly content: string;
}

/** What is read of a client, as one JSON text. */
export interface ClientContent {
  readonly status: 'active' | 'disabled';
  readonly kind: 'confidential' | 'public';
  readonly authentication: NonNullable<RegisteredClient['authentication']> | null;
  readonly origins: readonly string[];
  readonly binding: 'required' | 'optional' | null;
  /** SHA-256 in hex, and wall-clock milliseconds or `null`. */
  readonly secrets: readonly (readonly [sha256: string, expiresAt: number | null])[];
  readonly own: readonly IssuerScopedId[];
  readonly listed: readonly IssuerScopedId[];
  readonly audience: readonly IssuerScopedId[];
  readonly serves: readonly string[];
  readonly targets: readonly ClientTarget[];
  readonly checks: readonly string[];
  readonly explains: boolean;
  readonly gateway: NonNullable<RegisteredClient['gateway']> | null;
}

export function toStored(clientId: string, text: string): StoredClient {
  const content = parseContent(text);
  return {
    client: clientOf(clientId, content),
    isActive: content.status === 'active',
    // SECURITY: a public client has no secret, whatever is stored: anybody could have read one out of it.
    digests: content.status === 'active' && content.kind === 'confidential' ? digestsOf(content) : [],
    content: text,
  };
}

export function parseContent(content: string): ClientContent {
  return JSON.parse(content) as ClientContent;
}

export function clientOf(clientId: string, content: ClientContent): RegisteredClient {
  const { authentication, binding, gateway } = content;
  return {
    clientId,
    kind: content.kind,
    ...(authentication === null ? {} : { authentication }),
    origins: content.origins,
    ...(binding === null ? {} : { binding }),
    ownPresenters: content.own,
    listedPresenters: content.listed,
    apiAudiences: content.audience,
    serves: content.serves,
    targets: content.targets,
    checks: content.checks,
    explains: content.explains,
    ...(gateway === null ? {} : { gateway }),
  };
}

function digestsOf({ secrets }: ClientContent): readonly SecretDigest[] {
  return secrets.map(([sha256, expiresAt]) => ({ sha256: Buffer.from(sha256, 'hex'), expiresAt }));
}

/** What the registration would read like; the end of a secret is not part of a registration and stays. */
export function toContent(registration: ClientRegistration, stored: ClientContent): ClientContent {
  const ends = new Map(stored.secrets);
  const secrets = registration.secretSha256 ?? stored.secrets.map(([sha256]) => sha256);
  return {
    status: registration.status ?? stored.status,
    kind: registration.kind ?? 'confidential',
    authentication: registration.authentication ?? null,
    origins: registration.origins ?? [],
    binding: registration.binding ?? null,
    secrets: [...new Set(secrets)].map((sha256) => [sha256, ends.get(sha256) ?? null] as const),
    own: registration.ownPresenters,
    listed: registration.listedPresenters,
    audience: registration.apiAudiences,
    serves: registration.serves ?? [],
    targets: registration.targets,
    ...askingOf(registration),
  };
}

/** What it may ask for live. */
function askingOf({
  checks = [],
  explains = false,
  gateway,
}: ClientRegistration): Pick<ClientContent, 'checks' | 'explains' | 'gateway'> {
  return { checks, explains, gateway: gateway ?? null };
}

export function sameContent(one: ClientContent, other: ClientContent): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

/** Order and repeats mean nothing in any of these lists but patterns of permissions, which are kept as they are. */
function canonical(content: ClientContent): readonly unknown[] {
  const { authentication } = content;
  return [
    content.status,
    content.kind,
    authentication === null ? null : membersOf(authentication),
    content.binding,
    content.explains,
    gatewayOf(content),
    ...[content.origins, content.secrets, content.own, content.listed, content.audience, content.serves, content.checks].map(
      asSet,
    ),
    asSet(
      content.targets.map(({ hops, tenantPairs, impersonation, ...target }) => [
        ordered(target),
        asSet(hops ?? []),
        impersonation ?? [],
        asSet(tenantPairs ?? []),
      ]),
    ),
  ];
}

function gatewayOf({ gateway }: ClientContent): readonly unknown[] {
  return gateway === null ? [] : [gateway.mode, gateway.namesPermissions, asSet(gateway.removes)];
}

/** In one order, and each list as a set. */
function membersOf(authentication: NonNullable<ClientContent['authentication']>): readonly unknown[] {
  const { methods, keys, certificates, certificateName, federated } = authentication;
  return [...[methods, keys, certificates, federated].map(asSet), ordered(certificateName)];
}

function asSet(value: unknown): unknown {
  return Array.isArray(value) ? sortedSet(value.map((item) => JSON.stringify(ordered(item)))) : ordered(value);
}

/** With the members of every object in one order: the database keeps its own. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, ordered(member)]));
}

export function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
