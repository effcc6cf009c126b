import type { EntraWorldIssuer, OidcWorldIssuer, Presenter, World, WorldIssuer } from '../oracle/world.js';
import { makeSigningKey, published, type SigningKey } from './signing-key.js';

export const NOW = 1_790_000_000;
const OWN_ISSUER = 'https://auth.example.com';
export const CLIENT = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
export const LISTED_CLIENT = '77bb6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
/** Its tokens are handed in by the API that they are for. */
export const API_CALLER = '88886f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
export const STRANGER = '99996f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
export const API = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
export const API_URI = 'api://orders';
export const OTHER_API = '11112222-be56-4843-9ff4-e66a39bb12e3';
export const DIRECTORIES = ['1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f', '2a0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f'] as const;
export const GOV_DIRECTORY = '3b0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
export const PERSONAL_DIRECTORY = '9188040d-6c67-4c5b-b112-36a304b66dad';
/** A `kid` that every issuer has a key by, each another one. */
const SHARED_KID = 'shared';

/** An issuer, and the private keys that belong to its `iss` values. */
export interface SigningIssuer {
  readonly issuer: WorldIssuer;
  /** The first is used most: those that sign fast come first. */
  readonly keys: readonly SigningKey[];
  /** Published too, but of an algorithm that the issuer is not trusted with. */
  readonly unlisted: SigningKey | undefined;
  readonly weight: number;
}

export interface FuzzWorld {
  readonly world: World;
  readonly signing: readonly SigningIssuer[];
  /** In the key documents of Entra, but good for others: consumers, another cloud. */
  readonly strayKeys: readonly SigningKey[];
  /** Nobody's: the attacker's own. */
  readonly rogueKeys: readonly SigningKey[];
  readonly presenters: Readonly<Record<'own' | 'listed' | 'api' | 'stranger' | 'crossed', Presenter>>;
}

const LIMITS = {
  skewSeconds: 60,
  maxTokenAgeSeconds: { user: 7_200, workload: 86_400 },
  tenantRules: [
    { tenantId: 'tenant-1', slug: 'acme', when: null },
    { tenantId: 'tenant-2', slug: 'second', when: { claim: 'ver', equals: '2.0' } },
    { tenantId: 'tenant-3', slug: 'users', when: { claim: 'sub', equals: 'alice' } },
  ],
};

const ACCEPTANCE: EntraWorldIssuer['acceptance'] = {
  delegated: true,
  appOnly: true,
  guests: true,
  personalAccounts: false,
  agents: false,
  strictIdtyp: false,
  requireAppRoles: true,
  requiredScopes: [],
  requiredApplicationPermissions: [],
  requiredUserRoles: [],
  presenters: null,
  minimumClientAuthentication: '0',
  requiredAuthContext: null,
};

interface EntraOptions extends Partial<
  Pick<EntraWorldIssuer, 'directoryIds' | 'anyDirectory' | 'hosting' | 'audiences' | 'owns'>
> {
  readonly name: string;
  readonly cloud: EntraWorldIssuer['cloud'];
  readonly cloudInstanceName: string;
  readonly acceptance?: Partial<EntraWorldIssuer['acceptance']>;
  /** Directories whose tokens the accessor knows; where any is accepted, some of them. */
  readonly directories: readonly string[];
  readonly weight: number;
}

const V1_BASE = 'https://sts.windows.net';
const PUBLIC_CLOUD = { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: V1_BASE };
const GOV_CLOUD = { name: 'usgov', loginBase: 'https://login.microsoftonline.us', v1IssuerBase: V1_BASE };
const CHINA_CLOUD = {
  name: 'china',
  loginBase: 'https://login.partner.microsoftonline.cn',
  v1IssuerBase: 'https://sts.chinacloudapi.cn',
};

const DEV_CLOUD = { name: 'dev', loginBase: 'https://login.entra.example', v1IssuerBase: 'https://sts.entra.example' };
const MORE_DIRECTORIES = [
  '4c0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f',
  '5d0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f',
  '6e0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f',
] as const;

const STRICT = {
  directories: [MORE_DIRECTORIES[0]],
  acceptance: {
    guests: false,
    strictIdtyp: true,
    requiredScopes: ['access_as_user'],
    requiredApplicationPermissions: ['Orders.Read.All'],
    requiredUserRoles: ['Report.Reader'],
    presenters: [CLIENT, LISTED_CLIENT, API_CALLER],
    minimumClientAuthentication: '1',
    requiredAuthContext: 'c1',
  },
} as const;
const ONLY_USERS = { directories: [MORE_DIRECTORIES[1]], acceptance: { appOnly: false, guests: false } };
const ONLY_SOFTWARE = {
  directories: [MORE_DIRECTORIES[2]],
  acceptance: { delegated: false, agents: true, requireAppRoles: false },
};
/** Every directory; the accessor answers for these three, the one of personal accounts among them. */
const ANY = {
  directories: [...DIRECTORIES, PERSONAL_DIRECTORY],
  directoryIds: [],
  anyDirectory: true,
};
const B2C_DIRECTORY = '7f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const B2C = {
  directories: [B2C_DIRECTORY],
  hosting: {
    flavour: 'b2c',
    base: 'https://contoso.b2clogin.com',
    policy: 'B2C_1_susi',
    issuer: `https://contoso.b2clogin.com/${B2C_DIRECTORY}/v2.0/`,
  },
} as const;
const CIAM_DIRECTORY = '8a0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const EXTERNAL_ID = {
  directories: [CIAM_DIRECTORY],
  hosting: {
    flavour: 'external-id',
    base: 'https://contoso.ciamlogin.com',
    issuer: `https://${CIAM_DIRECTORY}.ciamlogin.com/${CIAM_DIRECTORY}/v2.0`,
  },
} as const;

/** Keys that stand in the key document of a cloud and are good for other issuers than those of organisations. */
interface Strays {
  readonly consumers: SigningKey;
  readonly otherCloud: SigningKey;
}

function entra(options: EntraOptions, strays: Strays): SigningIssuer {
  const { weight, directories, acceptance, ...own } = options;
  const { name, cloud, cloudInstanceName } = own;
  const keys = [
    makeSigningKey('Ed25519', SHARED_KID),
    makeSigningKey('ES256', `${name}-ec`),
    // Making an RSA key takes longer than judging a thousand tokens.
    ...(name === 'contoso' ? [makeSigningKey('RS256', `${name}-rsa`)] : []),
  ];
  const template = `${cloud.loginBase}/{tenantid}/v2.0`;
  const strayKeys = [
    published(strays.consumers, { keyIssuer: `${cloud.loginBase}/${PERSONAL_DIRECTORY}/v2.0`, cloudInstanceName }),
    published(strays.otherCloud, { cloudInstanceName: 'elsewhere.example' }),
  ];
  const v2Keys = [...keys.map((key) => published(key, { keyIssuer: template, cloudInstanceName })), ...strayKeys];
  const v1Keys = [...keys.map((key) => published(key)), ...strayKeys];
  const hosting = own.hosting ?? { flavour: 'workforce' };
  const hosted =
    hosting.flavour === 'workforce' ? [] : [{ iss: hosting.issuer, keys: [...keys.map((key) => published(key)), ...strayKeys] }];
  const workforce = directories.flatMap((directory) => [
    { iss: `${cloud.v1IssuerBase}/${directory}/`, keys: v1Keys },
    { iss: `${cloud.loginBase}/${directory}/v2.0`, keys: v2Keys },
  ]);
  const issuer: EntraWorldIssuer = {
    provider: 'entra-id',
    hosting,
    directoryIds: directories,
    anyDirectory: false,
    owns: hosting.flavour === 'workforce' ? workforce : hosted,
    audiences: [API, API_URI],
    algorithms: ['RS256', 'ES256', 'Ed25519'],
    acceptance: { ...ACCEPTANCE, ...acceptance },
    ...LIMITS,
    ...own,
  };
  return { issuer, keys, unlisted: undefined, weight };
}

interface OidcOptions extends Partial<Omit<OidcWorldIssuer, 'provider' | 'owns' | 'algorithms' | 'keys'>> {
  readonly name: string;
  readonly weight: number;
}

function oidc(keys: readonly SigningKey[], options: OidcOptions): SigningIssuer {
  const { weight, ...changes } = options;
  const iss = changes.issuer ?? `https://${options.name}.example/realms/acme`;
  const unlisted = makeSigningKey('ES384', `${options.name}-unlisted`);
  const issuer: OidcWorldIssuer = {
    provider: 'oidc',
    issuer: iss,
    owns: [{ iss, keys: [...keys, unlisted].map((key) => published(key)) }],
    audiences: [API_URI, `https://${options.name}.example/api`],
    algorithms: [...new Set(keys.map(({ algorithm }) => algorithm))],
    acceptedTypes: ['at+jwt'],
    allowMissingType: false,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['sub'],
    presenterClaims: ['client_id', 'azp'],
    kind: 'auto',
    markerClaims: [],
    conditions: [],
    ...LIMITS,
    ...changes,
  };
  return { issuer, keys, unlisted, weight };
}

function entraIssuers(strays: Strays): readonly SigningIssuer[] {
  const publicCloud = { cloud: PUBLIC_CLOUD, cloudInstanceName: 'microsoftonline.com' };
  return [
    entra({ ...publicCloud, name: 'contoso', directories: DIRECTORIES, weight: 32 }, strays),
    entra(
      { name: 'gov', cloud: GOV_CLOUD, cloudInstanceName: 'microsoftonline.us', directories: [GOV_DIRECTORY], weight: 5 },
      strays,
    ),
    entra({ name: 'strict', cloud: CHINA_CLOUD, cloudInstanceName: 'partner.microsoftonline.cn', ...STRICT, weight: 18 }, strays),
    entra({ ...publicCloud, name: 'delegated', ...ONLY_USERS, weight: 4 }, strays),
    entra({ ...publicCloud, name: 'software', ...ONLY_SOFTWARE, weight: 4 }, strays),
    entra({ name: 'any', cloud: DEV_CLOUD, cloudInstanceName: 'entra.example', ...ANY, weight: 5 }, strays),
    entra({ ...publicCloud, name: 'b2c', ...B2C, weight: 6 }, strays),
    entra({ ...publicCloud, name: 'ciam', ...EXTERNAL_ID, weight: 4 }, strays),
  ];
}

function oidcIssuers(): readonly SigningIssuer[] {
  const owner = { claim: 'repository_owner_id', oneOf: ['1342004', '99'] };
  return [
    oidc([makeSigningKey('Ed25519', SHARED_KID)], { name: 'ed', weight: 12, acceptedTypes: ['at+jwt', 'JWT'] }),
    oidc([makeSigningKey('ES256', SHARED_KID)], {
      name: 'ec',
      weight: 6,
      claims: { roles: 'https://ec.example/roles', groups: ['realm', 'groups'] },
      markerClaims: ['cid'],
      presenterClaims: ['cid', ['app', 'id']],
      allowMissingType: true,
    }),
    oidc([makeSigningKey('Ed25519', SHARED_KID)], {
      name: 'pipelines',
      weight: 6,
      acceptedTypes: ['JWT'],
      identityClaims: ['repository_owner_id', ['repository', 'id']],
      presenterClaims: [],
      kind: 'workload',
      conditions: [owner, { claim: ['repository', 'protected'], oneOf: [true] }],
    }),
    oidc([makeSigningKey('RS256', SHARED_KID)], { name: 'keycloak', weight: 2, kind: 'user' }),
    oidc([makeSigningKey('PS256', SHARED_KID)], { name: 'ps', weight: 2 }),
  ];
}

/** Directories of four clouds and kinds, five other issuers, and one name for a key of each. Keys are made anew in every process. */
export function makeFuzzWorld(): FuzzWorld {
  const strays = { consumers: makeSigningKey('Ed25519', 'consumers'), otherCloud: makeSigningKey('Ed25519', 'other-cloud') };
  const signing = [...entraIssuers(strays), ...oidcIssuers()];
  const world: World = { ownIssuer: OWN_ISSUER, now: NOW, issuers: signing.map(({ issuer }) => issuer) };
  return {
    world,
    signing,
    strayKeys: [strays.consumers, strays.otherCloud],
    rogueKeys: [makeSigningKey('Ed25519', SHARED_KID), makeSigningKey('ES256', SHARED_KID), makeSigningKey('RS256', SHARED_KID)],
    presenters: presentersOf(world.issuers),
  };
}

function presentersOf(issuers: readonly WorldIssuer[]): FuzzWorld['presenters'] {
  const names = issuers.map(({ name }) => name);
  const everywhere = (id: string) => names.map((issuer) => ({ issuer, id }));
  const none: Presenter = { ownPresenters: [], listedPresenters: [], apiAudiences: [] };
  return {
    own: { ...none, ownPresenters: everywhere(CLIENT) },
    listed: { ...none, ownPresenters: everywhere('gateway'), listedPresenters: everywhere(LISTED_CLIENT) },
    api: { ...none, apiAudiences: issuers.flatMap(({ name, audiences }) => audiences.map((id) => ({ issuer: name, id }))) },
    stranger: { ...none, ownPresenters: everywhere(STRANGER), apiAudiences: everywhere(OTHER_API) },
    // The right ids, registered for an issuer that signs none of these tokens.
    crossed: {
      ownPresenters: [{ issuer: 'elsewhere', id: CLIENT }],
      listedPresenters: [{ issuer: 'elsewhere', id: LISTED_CLIENT }],
      apiAudiences: [{ issuer: 'elsewhere', id: API }],
    },
  };
}
