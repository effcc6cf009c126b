import { generateKeyPairSync, sign } from 'node:crypto';
import type { AuditAccess, ChangeRecord, DecisionRecord, ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import { NoneDirectoryAccess } from '#accessors/directory/none.directory.access.js';
import type { DirectoryAccess } from '#accessors/directory/contract.js';
import type { FactAccess, RoleAssignment, SubjectFacts, WantedFact } from '#accessors/facts/contract.js';
import type { RevocationAccess, RevocationTarget } from '#accessors/grants/revocation.contract.js';
import { ENTRA_DEFAULTS, type EntraIssuer, type IssuerAccess } from '#accessors/issuer/contract.js';
import type { KeyAccess } from '#accessors/key/contract.js';
import { EMPTY_POLICY, type PolicyAccess, type PolicyVersion } from '#accessors/policy/contract.js';
import type { Application, RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { DefaultGatewayRoutes } from '#engines/permission/routes/default.gateway-routes.js';
import { DefaultSigningEngine } from '#engines/signing/default.signing.engine.js';
import { DefaultCallerProofs } from '#engines/token-validation/caller-proofs/default.caller-proofs.js';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import type { AuthorizationManager } from '#managers/authorization/contract.js';
import type { AuthorizationParts } from '#managers/authorization/authorization.parts.js';
import { DefaultGatewayAdmission } from '#managers/authorization/gateway.admission.js';
import type { GatewayAdmission } from '#managers/authorization/gateway.contract.js';
import { DefaultAuthorizationManager } from '#managers/authorization/default.authorization.manager.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { RateLimiter } from '#utilities/resilience/contract.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { RevocationMemory } from '../../accessors/grants/revocation-memory.js';
import { SilentLogger } from '../support/silent.logger.js';
import { recorded } from './recorder.js';

/** Lets everything through. */
const UNLIMITED: RateLimiter = { take: () => null };

const DIRECTORY = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
export const API = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const WEB = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
export const TENANT = 'tenant-acme';
export const AUDIENCE = 'https://billing.acme.test';
const ISS = `https://login.microsoftonline.com/${DIRECTORY}/v2.0`;

/** Made once: it takes longer than most tests. */
const upstream = generateKeyPairSync('rsa', { modulusLength: 2048 });

export type AnyRecord = ExchangeRecord | RefusalRecord | ChangeRecord;

export interface House {
  readonly manager: AuthorizationManager;
  readonly gateway: GatewayAdmission;
  readonly calls: string[];
  readonly records: AnyRecord[];
  /** What was noted of checks. */
  readonly notes: DecisionRecord[];
  readonly clock: ManualClock;
  readonly counters: MemoryCounters;
  readonly logger: SilentLogger;
  /** What is stored, for a test to change. */
  readonly stored: Stored;
  /** What fact sources were asked for. */
  readonly wanted: (readonly WantedFact[])[];
  /** Epochs that were taken note of. */
  readonly observed: number[];
  /** A v2 delegated token of Entra for alice, with changed claims. */
  token(changes?: Readonly<Record<string, unknown>>): string;
}

export interface HouseChanges {
  readonly directory?: DirectoryAccess;
  readonly audit?: AuditAccess;
  readonly client?: Partial<RegisteredClient>;
  readonly application?: Partial<Application>;
  readonly mappings?: PolicyVersion['mappings'];
  readonly roles?: readonly string[];
  readonly policy?: Partial<PolicyVersion>;
  readonly shadow?: { readonly policy: Partial<PolicyVersion>; readonly share: number };
}

/** What accessors in memory answer from. */
export interface Stored {
  facts: SubjectFacts;
  policy: PolicyVersion;
  isIssuerTrusted: boolean;
  isClientActive: boolean;
  /** Whether nobody takes what our key signed. */
  isKeyRevoked: boolean;
  revoked: RevocationTarget | undefined;
  readonly cutOffs: RevocationMemory;
  /** Newest epoch that the change feed knows. */
  knownEpoch: number;
}

/** The real Manager and the real Engines on accessors in memory, with every contract recorded. */
export function buildHouse(changes: HouseChanges = {}): House {
  const calls: string[] = [];
  const records: AnyRecord[] = [];
  const notes: DecisionRecord[] = [];
  const observed: number[] = [];
  const wanted: (readonly WantedFact[])[] = [];
  const clock = new ManualClock();
  const counters = new MemoryCounters();
  const logger = new SilentLogger();
  const stored: Stored = {
    facts: factsOf(changes),
    policy: policyOf(changes),
    isIssuerTrusted: true,
    isClientActive: true,
    isKeyRevoked: false,
    revoked: undefined,
    cutOffs: new RevocationMemory(),
    knownEpoch: 7,
  };
  const issuerAccess = recorded('IssuerAccess', issuersOf(upstream.publicKey, stored), calls);
  const keyAccess = recorded('KeyAccess', keys(clock, stored), calls);
  const ids = { random: () => '0b3c8f0e-0000-4000-8000-000000000001', ordered: () => '0b3c8f0e-0000-7000-8000-000000000001' };
  const audit: AuditAccess = changes.audit ?? {
    record: (_context, record) => {
      records.push(record);
      return Promise.resolve();
    },
  };
  const parts: AuthorizationParts = {
    registrationAccess: recorded('RegistrationAccess', registrations(changes, stored), calls),
    tokenValidationEngine: recorded(
      'TokenValidationEngine',
      new DefaultTokenValidationEngine({
        issuerAccess,
        providers: [createEntraIdIdentityProvider()],
        clock,
        ownIssuer: 'https://auth.acme.test',
      }),
      calls,
    ),
    callerProofs: recorded(
      'CallerProofs',
      new DefaultCallerProofs({ issuerAccess, providers: [], clock, ownIssuer: 'https://auth.acme.test' }),
      calls,
    ),
    dpopNonces: { current: () => 'nonce', isFresh: () => true },
    nonces: 'off',
    clientRate: UNLIMITED,
    issuerRate: UNLIMITED,
    directoryAccess: recorded('DirectoryAccess', changes.directory ?? new NoneDirectoryAccess(), calls),
    policyAccess: recorded('PolicyAccess', policies(changes, stored), calls),
    factAccess: recorded('FactAccess', facts(stored, wanted), calls),
    permissionEngine: recorded(
      'PermissionEngine',
      new DefaultPermissionEngine({ conditionEvaluator: new CelConditionEvaluator() }),
      calls,
    ),
    signingEngine: recorded(
      'SigningEngine',
      new DefaultSigningEngine({ keyAccess, clock, ids, issuer: 'https://auth.acme.test', defaultLifetimeSeconds: 600 }),
      calls,
    ),
    auditAccess: recorded('AuditAccess', audit, calls),
    revocationAccess: recorded('RevocationAccess', revocationsOf(stored), calls),
    grantsAccess: recorded('GrantsAccess', { useOnce: () => Promise.resolve('first' as const) }, calls),
    delegationEngine: recorded('DelegationEngine', new DefaultDelegationEngine(), calls),
    issuerAccess,
    decisionTrail: recorded(
      'DecisionTrail',
      { note: (_context: unknown, record: DecisionRecord) => void notes.push(record) },
      calls,
    ),
    changeFeed: {
      epochOf: () => stored.knownEpoch,
      observe: (_topic, epoch) => {
        observed.push(epoch);
        stored.knownEpoch = Math.max(stored.knownEpoch, epoch);
      },
    },
    clock,
    ids,
    counters,
    logger,
    defaultLifetimeSeconds: 600,
  };
  const manager = new DefaultAuthorizationManager(parts);
  const gatewayRoutes = recorded('GatewayRoutes', new DefaultGatewayRoutes(), calls);
  const gateway = new DefaultGatewayAdmission({ ...parts, gatewayRoutes });
  const token = (claims: Readonly<Record<string, unknown>> = {}): string => {
    const now = Math.floor(clock.now() / 1000);
    const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = {
      aud: API,
      iss: ISS,
      iat: now - 10,
      nbf: now - 10,
      exp: now + 3600,
      azp: WEB,
      azpacr: '1',
      oid: '9b1d7a54-52f0-4c2e-8a35-5d1a0f6b7c88',
      scp: 'access_as_user',
      sub: 'pairwise',
      tid: DIRECTORY,
      uti: 'x',
      ver: '2.0',
      ...claims,
    };
    const input = `${segment({ typ: 'JWT', alg: 'RS256', kid: 'k1' })}.${segment(payload)}`;
    return `${input}.${sign('sha256', Buffer.from(input), upstream.privateKey).toString('base64url')}`;
  };
  return { manager, gateway, calls, records, notes, observed, wanted, clock, counters, logger, stored, token };
}

function revocationsOf(stored: Stored): Pick<RevocationAccess, 'revokes'> {
  return { revokes: (_context, token) => stored.revoked ?? stored.cutOffs.find(token) };
}

function issuersOf(key: Parameters<typeof sign>[2] & object, stored: Stored): IssuerAccess {
  const issuer: EntraIssuer = {
    ...ENTRA_DEFAULTS,
    name: 'contoso',
    provider: 'entra-id',
    audiences: [API],
    algorithms: ['RS256'],
    skewSeconds: 60,
    maxTokenAgeSeconds: { user: 7200, workload: 86400 },
    directoryIds: [DIRECTORY],
    cloud: { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' },
    tenantRules: [{ tenantId: TENANT, slug: 'acme', when: null }],
  };
  const found = {
    kid: 'k1',
    key,
    algorithm: 'RS256',
    keyIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    cloudInstanceName: null,
  };
  return {
    trustedIssuer: (_context, iss) => Promise.resolve(iss === ISS && stored.isIssuerTrusted ? issuer : undefined),
    verificationKey: () =>
      Promise.resolve({ status: 'found', key: found } as Awaited<ReturnType<IssuerAccess['verificationKey']>>),
    issuersInMemory: () => [issuer],
    issuersHoldingKey: () => [],
    registerIssuer: () => Promise.resolve('unchanged'),
  };
}

function registrations(changes: HouseChanges, stored: Stored): RegistrationAccess {
  const client: RegisteredClient = {
    clientId: 'web',
    ownPresenters: [{ issuer: 'contoso', id: WEB }],
    listedPresenters: [],
    apiAudiences: [],
    targets: [{ audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: [] }],
    checks: [AUDIENCE],
    ...changes.client,
  };
  const application: Application = {
    id: 'app',
    audience: AUDIENCE,
    prefix: 'billing',
    allowsEmptyPermissions: false,
    tokenLifetimeSeconds: null,
    permissions: [
      { name: 'billing:invoice:read', bit: 0 },
      { name: 'billing:invoice:create', bit: 1 },
    ],
    ...changes.application,
  };
  return {
    clientNamed: (_context, id) => Promise.resolve(id === 'web' && stored.isClientActive ? client : undefined),
    publicClientOf: () => Promise.resolve(undefined),
    publicOrigins: () => Promise.resolve(new Set<string>()),
    authenticateClient: (_context, id, secret) => Promise.resolve(id === 'web' && secret === 'right' ? client : undefined),
    applicationFor: (_context, audience) => Promise.resolve(audience === AUDIENCE ? application : undefined),
    applications: () => Promise.resolve([application]),
    registerClient: () => Promise.resolve('unchanged'),
    registerApplication: () => Promise.resolve('unchanged'),
  };
}

function policyOf(changes: HouseChanges): PolicyVersion {
  return {
    ...EMPTY_POLICY,
    tenantId: TENANT,
    set: 'main',
    sequence: 3,
    mappings: changes.mappings ?? [],
    roles: [
      { key: 'viewer', inherits: [], grants: ['billing:*:read'], exclude: [] },
      { key: 'clerk', inherits: ['viewer'], grants: ['billing:invoice:*'], exclude: [] },
    ],
    ...changes.policy,
  };
}

function policies({ shadow }: HouseChanges, stored: Stored): PolicyAccess {
  const tried = shadow === undefined ? null : { policy: { ...stored.policy, ...shadow.policy }, share: shadow.share };
  return {
    activePolicy: () => Promise.resolve(stored.policy),
    shadowPolicy: () => Promise.resolve(tried),
    activate: () => Promise.resolve('unchanged'),
  };
}

function factsOf({ roles = ['viewer'] }: HouseChanges): SubjectFacts {
  return {
    tenantId: TENANT,
    tenantStatus: 'active',
    tenantBoundary: null,
    tenantAttributes: {},
    epoch: 7,
    subject: null,
    groups: [],
    nesting: [],
    assignments: roles.map(assignmentOf),
    grants: [],
    subscriptions: [],
    flags: [],
  };
}

export function assignmentOf(role: string): RoleAssignment {
  return { id: `asg-${role}`, group: null, role, unit: null, condition: null, valid: ALWAYS, state: 'active' };
}

/** The same facts of somebody who is registered. */
export const registered = (facts: SubjectFacts, changes: Partial<NonNullable<SubjectFacts['subject']>> = {}): SubjectFacts => ({
  ...facts,
  subject: {
    id: 's-ana',
    key: 'ana',
    kind: 'user',
    status: 'active',
    attributes: {},
    primaryIdentity: { instance: 'i', externalId: 'e' },
    ...changes,
  },
});

function facts(stored: Stored, asked: (readonly WantedFact[])[]): Pick<FactAccess, 'factsOf' | 'externalFacts' | 'tenantNamed'> {
  return {
    factsOf: () => {
      stored.knownEpoch = Math.max(stored.knownEpoch, stored.facts.epoch);
      return Promise.resolve(stored.facts);
    },
    externalFacts: (_context, _question, wanted) => {
      asked.push(wanted);
      return Promise.resolve({
        values: new Map(wanted.map(({ path }) => [path, 'told'])),
        unavailable: new Set<string>(),
        validUntil: null,
      });
    },
    tenantNamed: (_context, slug) => Promise.resolve(slug === 'acme' ? TENANT : undefined),
  };
}

function keys(clock: ManualClock, stored: Stored): KeyAccess {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const active = { kid: 'our-key', algorithm: 'ES256' } as const;
  return {
    activeKey: () => active,
    signWith: (_context, _key, input) =>
      sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    keyedDigest: (_context, _purpose, message) => Buffer.from(message).toString('base64url'),
    seal: (_context, purpose, { text, bound }) => Buffer.from(JSON.stringify([purpose, bound, text])).toString('base64url'),
    unseal: (_context, purpose, { sealed, bound }) => {
      const [wasFor, boundTo, text] = JSON.parse(Buffer.from(sealed, 'base64url').toString()) as [string, string, string];
      return wasFor === purpose && boundTo === bound ? text : undefined;
    },
    publishedKeys: () => Promise.resolve([]),
    verificationKey: (_context, kid) =>
      kid === active.kid && !stored.isKeyRevoked
        ? { ...active, publicKey, signsFrom: clock.now() - 86_400_000, signsUntil: null }
        : undefined,
    prepare: () => Promise.resolve({ madeKeys: [], madeSecrets: [] }),
  };
}
