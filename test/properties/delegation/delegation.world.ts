import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import { NoneDirectoryAccess } from '#accessors/directory/none.directory.access.js';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { UseOutcome } from '#accessors/grants/contract.js';
import type { KeyAccess } from '#accessors/key/contract.js';
import { EMPTY_POLICY, type PolicyVersion } from '#accessors/policy/contract.js';
import type { Application, RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import type { DelegationEngine } from '#engines/delegation/contract.js';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { DefaultSigningEngine } from '#engines/signing/default.signing.engine.js';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import type { CallingClient, ExchangeRequest, ShownKey } from '#managers/authorization/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { AuthorizationParts } from '../../../managers/authorization/authorization.parts.js';
import { ExchangeSequence } from '../../../managers/authorization/exchange.sequence.js';
import { SilentLogger } from '../../support/silent.logger.js';
import { OIDC_ISSUER, oidcIssuer, StubIssuerAccess } from '../../vectors/stub.issuer.access.js';
import { evaluator } from '../permission/judge.js';

const CONTEXT = { diagnosticId: 'd', transport: 'rest' } as const;
const OURS = 'https://auth.acme.test';
const TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const TENANT = 'tenant-acme';

export interface WorldChanges {
  readonly clients: readonly RegisteredClient[];
  readonly applications: readonly Application[];
  /** Audiences that the identity provider's tokens may have. */
  readonly audiences: readonly string[];
  readonly delegationEngine?: DelegationEngine;
}

/** What an exchange came to: the claims of the token, or the code of the refusal. */
export type Outcome =
  | { readonly token: string; readonly claims: Readonly<Record<string, unknown>>; readonly type: string }
  | { readonly code: string };

/** The sequence of an exchange with every real Engine, on accessors in memory. */
export class DelegationWorld {
  readonly clock = new ManualClock();
  readonly counters = new MemoryCounters();
  readonly records: (ExchangeRecord | RefusalRecord)[] = [];
  policy: PolicyVersion = policyWith([{ key: 'all', grants: ['**'] }]);
  facts: SubjectFacts = factsWith(['all']);
  /** What is told of a proof that has to be used once. */
  use: UseOutcome = 'first';
  /** `sub` of whom everything is cut off. */
  cutOff: string | null = null;
  private readonly upstream: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  private readonly sequence: ExchangeSequence;

  constructor(private readonly changes: WorldChanges) {
    this.upstream = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { delegationEngine = new DefaultDelegationEngine() } = changes;
    this.sequence = new ExchangeSequence({ ...this.parts(), delegationEngine });
  }

  /** A token of the identity provider. */
  upstreamToken(claims: Readonly<Record<string, unknown>>): string {
    const now = Math.floor(this.clock.now() / 1_000);
    const payload = { iss: OIDC_ISSUER, sub: 'alice', iat: now - 10, exp: now + 3_600, ...claims };
    const input = `${segment({ typ: 'at+jwt', alg: 'ES256', kid: 'k1' })}.${segment(payload)}`;
    const signature = sign('sha256', Buffer.from(input), { key: this.upstream.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  /** A public client calls without credentials; every other one has proven itself. */
  async exchange(
    client: RegisteredClient,
    asked: Partial<ExchangeRequest> & Pick<ExchangeRequest, 'subjectToken'>,
    shown: readonly ShownKey[] = [],
  ): Promise<Outcome> {
    const caller: CallingClient =
      client.kind === 'public'
        ? { proven: false, clientId: client.clientId, shown }
        : { proven: true, registration: client, method: 'client_secret_basic', shown };
    return this.exchangeAs(caller, asked);
  }

  async exchangeAs(
    caller: CallingClient,
    asked: Partial<ExchangeRequest> & Pick<ExchangeRequest, 'subjectToken'>,
  ): Promise<Outcome> {
    try {
      const { accessToken, tokenType } = await this.sequence.run(CONTEXT, caller, { ...PLAIN, ...asked });
      const [, payload = ''] = accessToken.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      return { token: accessToken, claims, type: tokenType };
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return { code: error.code };
    }
  }

  private parts(): Omit<AuthorizationParts, 'delegationEngine'> {
    const { clock, counters } = this;
    const issuerAccess = new StubIssuerAccess().trust(oidcIssuer({ audiences: this.changes.audiences }), OIDC_ISSUER, [
      { kid: 'k1', key: this.upstream.publicKey, algorithm: 'ES256', keyIssuer: null, cloudInstanceName: null },
    ]);
    let count = 0;
    const ids = { random: () => `id-${String((count += 1))}`, ordered: () => `id-${String((count += 1))}` };
    const keyAccess = keys(clock);
    const parts: Pick<
      AuthorizationParts,
      Exclude<keyof AuthorizationParts, 'callerProofs' | 'dpopNonces' | 'nonces' | 'delegationEngine'>
    > = {
      registrationAccess: this.registrations(),
      clientRate: { take: () => null },
      issuerRate: { take: () => null },
      issuerAccess,
      directoryAccess: new NoneDirectoryAccess(),
      policyAccess: {
        activePolicy: async () => this.policy,
        shadowPolicy: async () => null,
        activate: async () => 'unchanged',
      },
      factAccess: {
        factsOf: async () => this.facts,
        externalFacts: async () => ({ values: new Map(), unavailable: new Set<string>(), validUntil: null }),
        tenantNamed: async (_context, slug) => (slug === 'acme' ? TENANT : undefined),
      },
      auditAccess: {
        record: async (_context, record) => {
          if (record.outcome !== 'changed') this.records.push(record);
        },
      },
      revocationAccess: {
        revokes: (_context, { tenant, subject }) => (subject === this.cutOff ? { by: 'subject', tenant, subject } : undefined),
      },
      grantsAccess: { useOnce: async () => this.use },
      decisionTrail: { note: () => undefined },
      tokenValidationEngine: new DefaultTokenValidationEngine({
        issuerAccess,
        providers: [createOidcIdentityProvider()],
        clock,
        ownIssuer: OURS,
      }),
      permissionEngine: new DefaultPermissionEngine({ conditionEvaluator: evaluator }),
      signingEngine: new DefaultSigningEngine({ keyAccess, clock, ids, issuer: OURS, defaultLifetimeSeconds: 600 }),
      changeFeed: { epochOf: () => 7, observe: () => undefined },
      clock,
      ids,
      counters,
      logger: new SilentLogger(),
      defaultLifetimeSeconds: 600,
    };
    // Nobody is authenticated here: who calls is given.
    return parts as Omit<AuthorizationParts, 'delegationEngine'>;
  }

  private registrations(): RegistrationAccess {
    const { clients, applications } = this.changes;
    const nobody = async (): Promise<undefined> => undefined;
    const only = {
      clientNamed: async (_context: unknown, id: string) => clients.find(({ clientId }) => clientId === id),
      publicClientOf: async (_context: unknown, { issuer, id }: { readonly issuer: string; readonly id: string }) =>
        clients.find(
          ({ kind, ownPresenters }) =>
            kind === 'public' && ownPresenters.some((presenter) => presenter.issuer === issuer && presenter.id === id),
        ),
      applicationFor: async (_context: unknown, audience: string) => applications.find((each) => each.audience === audience),
      authenticateClient: nobody,
    };
    return only as unknown as RegistrationAccess;
  }
}

const PLAIN: ExchangeRequest = {
  subjectToken: undefined,
  subjectTokenType: TYPE,
  actorToken: undefined,
  actorTokenType: undefined,
  requestedTokenType: undefined,
  audience: [],
  resource: [],
  scope: undefined,
  tenant: undefined,
  impersonation: false,
};

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function policyWith(
  roles: readonly { readonly key: string; readonly grants: readonly string[] }[],
  changes: Partial<PolicyVersion> = {},
): PolicyVersion {
  return {
    ...EMPTY_POLICY,
    tenantId: TENANT,
    set: 'main',
    sequence: 1,
    roles: roles.map(({ key, grants }) => ({ key, inherits: [], grants, exclude: [] })),
    ...changes,
  };
}

export function factsWith(roles: readonly string[], changes: Partial<SubjectFacts> = {}): SubjectFacts {
  return {
    tenantId: TENANT,
    tenantStatus: 'active',
    tenantBoundary: null,
    tenantAttributes: {},
    epoch: 7,
    subject: null,
    groups: [],
    nesting: [],
    assignments: roles.map((role) => ({
      id: `asg-${role}`,
      group: null,
      role,
      unit: null,
      condition: null,
      valid: ALWAYS,
      state: 'active',
    })),
    grants: [],
    subscriptions: [],
    flags: [],
    ...changes,
  };
}

function keys(clock: ManualClock): KeyAccess {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const active = { kid: 'our-key', algorithm: 'ES256' } as const;
  const access: Pick<KeyAccess, 'activeKey' | 'signWith' | 'keyedDigest' | 'seal' | 'unseal' | 'verificationKey'> = {
    activeKey: () => active,
    signWith: (_context, _key, input) =>
      sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    keyedDigest: (_context, _purpose, message) => message.replaceAll(/[^a-z0-9-]+/gu, '_'),
    seal: (_context, purpose, { text, bound }) => segment([purpose, bound, text]),
    unseal: (_context, purpose, { sealed, bound }) => {
      const [wasFor, boundTo, text] = JSON.parse(Buffer.from(sealed, 'base64url').toString()) as [string, string, string];
      return wasFor === purpose && boundTo === bound ? text : undefined;
    },
    verificationKey: (_context, kid) =>
      kid === active.kid ? { ...active, publicKey, signsFrom: clock.now() - 86_400_000, signsUntil: null } : undefined,
  };
  return access as KeyAccess;
}
