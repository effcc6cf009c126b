import type { ClientAuthentication, ClientAuthenticationMethod, ClientRegistration } from '#accessors/registration/contract.js';
import type { ClientDocument } from './client-document.js';
import type { ImportFault } from './import-faults.js';

type ProblemOfKey = (jwk: Readonly<Record<string, unknown>>) => string | null;

const BY_SECRET: ReadonlySet<ClientAuthenticationMethod> = new Set(['client_secret_basic', 'client_secret_post']);

/** What each method goes by; a secret is no part of the description. */
const MATERIAL = {
  private_key_jwt: 'keys',
  self_signed_tls_client_auth: 'certificates',
  tls_client_auth: 'certificateName',
  federated: 'federated',
} as const satisfies Partial<Record<ClientAuthenticationMethod, keyof ClientAuthentication>>;

/** The client as the accessor takes it. */
export function clientRegistration(client: ClientDocument): ClientRegistration {
  const { presents, secretSha256, ...members } = client;
  return {
    ...members,
    secretSha256: secretSha256 ?? null,
    ownPresenters: presents.own,
    listedPresenters: presents.listed,
    apiAudiences: presents.audiences,
  };
}

/** What the members of one client mean together. */
export function clientFaults(path: string, client: ClientDocument, problemOfKey: ProblemOfKey): readonly ImportFault[] {
  const faults = client.kind === 'public' ? publicFaults(client) : confidentialFaults(client);
  return [...faults, ...keyFaults(client, problemOfKey)].map((fault) => ({
    path: `${path}.${fault.path}`,
    message: fault.message,
  }));
}

/** SECURITY: a public client proves nothing about itself, so it acts for itself alone and asks for nothing else. */
function publicFaults(client: ClientDocument): readonly ImportFault[] {
  const { authentication, secretSha256, presents, serves, checks, explains, gateway, targets } = client;
  const refused: readonly (readonly [path: string, isThere: boolean])[] = [
    ['authentication', authentication !== undefined],
    ['secretSha256', (secretSha256 ?? []).length > 0],
    ['presents.listed', presents.listed.length > 0],
    ['presents.audiences', presents.audiences.length > 0],
    ['serves', (serves ?? []).length > 0],
    ['checks', (checks ?? []).length > 0],
    ['explains', explains === true],
    ['gateway', gateway !== undefined],
    ...targets.flatMap(({ delegationCeiling, hops, impersonation, tenantPairs }, position) =>
      Object.entries({ delegationCeiling, hops, impersonation, tenantPairs }).map(
        ([name, list]) => [`targets[${position}].${name}`, (list ?? []).length > 0] as const,
      ),
    ),
  ];
  const missing = presents.own.length === 0 ? [{ path: 'presents.own', message: 'expected the id that tokens name it by' }] : [];
  return [
    ...missing,
    ...refused
      .filter(([, isThere]) => isThere)
      .map(([at]) => ({ path: at, message: 'a public client cannot have this; leave it out' })),
  ];
}

function confidentialFaults(client: ClientDocument): readonly ImportFault[] {
  const { authentication, secretSha256, origins } = client;
  const faults: ImportFault[] = [...gatewayFaults(client)];
  if (origins.length > 0) faults.push({ path: 'origins', message: 'pages call as public clients alone; leave it out' });
  if (authentication === undefined) return faults;
  const bySecret = authentication.methods.some((method) => BY_SECRET.has(method));
  if ((secretSha256 ?? []).length > 0 && !bySecret)
    faults.push({ path: 'secretSha256', message: 'no method of authentication takes a secret' });
  return [...faults, ...materialFaults(authentication)];
}

/** A gateway that nobody would be let through. */
function gatewayFaults({ gateway, checks = [], targets }: ClientDocument): readonly ImportFault[] {
  if (gateway === undefined) return [];
  if (checks.length === 0) return [{ path: 'checks', message: 'expected the applications behind the gateway' }];
  const missing = checks.filter((audience) => !targets.some((target) => target.audience === audience));
  if (gateway.mode === 'headers' || missing.length === 0) return [];
  return [{ path: 'targets', message: `expected one for each application that tokens are swapped for: ${missing.join(', ')}` }];
}

/** SECURITY: what is registered and never used would be used on the day that somebody adds its method without looking. */
function materialFaults(authentication: ClientAuthentication): readonly ImportFault[] {
  return Object.entries(MATERIAL).flatMap(([method, member]) => {
    const path = `authentication.${member}`;
    const isListed = authentication.methods.some((listed) => listed === method);
    const material = authentication[member];
    const isThere = Array.isArray(material) ? material.length > 0 : material !== null;
    if (isListed === isThere) return [];
    return [
      { path, message: isListed ? `expected what ${method} goes by` : `expected ${method} among the methods, or none of this` },
    ];
  });
}

function keyFaults({ authentication }: ClientDocument, problemOfKey: ProblemOfKey): readonly ImportFault[] {
  const keys = authentication?.keys ?? [];
  const ids = new Set<unknown>();
  return keys.flatMap((jwk, position) => {
    const path = `authentication.keys[${position}]`;
    const problem = problemOfKey(jwk);
    if (problem !== null) return [{ path, message: problem }];
    const kid = jwk['kid'];
    const isRepeated = kid === undefined ? keys.length > 1 : ids.has(kid);
    ids.add(kid);
    return isRepeated ? [{ path: `${path}.kid`, message: 'expected one kid for each of several keys' }] : [];
  });
}

/** A secret, as much of it as anybody is told. */
interface SecretEnd {
  /** Unix milliseconds; `null`: it does not end. */
  readonly endsAt: number | null;
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/**
 * What works and is weaker than it has to be, or is about to stop working.
 *
 * @param secrets `null`: nothing is known of them
 * @param now Unix milliseconds
 */
export function clientWarnings(
  client: Pick<ClientRegistration, 'kind' | 'binding' | 'authentication'>,
  secrets: readonly SecretEnd[] | null,
  now: number,
): readonly string[] {
  if (client.kind === 'public') {
    if (client.binding !== 'optional') return [];
    return ['a public client with bearer tokens: whoever gets hold of one can use it. Leave out binding, or say required'];
  }
  const methods = client.authentication?.methods ?? [...BY_SECRET];
  const bySecret = methods.some((method) => BY_SECRET.has(method));
  return [
    ...(bySecret && methods.some((method) => !BY_SECRET.has(method))
      ? ['takes a secret beside a stronger method, and is only as strong as the secret']
      : []),
    ...(bySecret && secrets !== null ? secretWarnings(secrets, now) : []),
  ];
}

function secretWarnings(secrets: readonly SecretEnd[], now: number): readonly string[] {
  const good = secrets.filter(({ endsAt }) => endsAt === null || endsAt > now);
  if (good.length === 0) return ['no secret that is good now: add one'];
  const last = Math.max(...good.map(({ endsAt }) => endsAt ?? Number.POSITIVE_INFINITY));
  if (last === Number.POSITIVE_INFINITY) return ['a secret without an end: secrets that end get replaced'];
  const days = Math.ceil((last - now) / DAY_MS);
  return days > SOON_DAYS ? [] : [`its last secret ends in ${days} day${days === 1 ? '' : 's'}: add the next one`];
}
