import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { UseOutcome } from '#accessors/grants/contract.js';
import type { RevocationTarget } from '#accessors/grants/revocation.contract.js';
import type { DecisionCode } from '#engines/permission/contract.js';
import type { IssuedClaims, IssuedTokenFault } from '#engines/signing/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { OperatorToken } from './contract.js';
import { OperatorAdmission } from './operator-admission.js';

const context = { diagnosticId: 'd-1', transport: 'rest' } as const;
const READ = 'countersign:key:read';
const claims: IssuedClaims = {
  tokenId: 'jti-1',
  kid: 'k',
  subject: 'u_olga',
  clientId: 'ops-cli',
  actor: null,
  act: null,
  confirmation: null,
  origin: { issuedAt: 0, depth: 1 },
  impersonated: false,
  audience: 'countersign',
  tenant: 'platform',
  scope: '',
  permissions: [READ],
  issuedAt: 1,
  expiresAt: 2,
  policyVersion: 'main@1',
  epoch: 1,
  acr: null,
  amr: [],
  authTime: null,
  reference: {
    identity: { instance: 'oidc:https://idp', externalId: 'olga' },
    issuer: 'idp',
    iss: 'https://idp',
    roles: [],
    groups: [],
    conditionalBits: [],
  },
};

const BEARER: OperatorToken = { token: 'token', scheme: 'Bearer', presented: undefined };

interface World {
  claims: Partial<IssuedClaims>;
  fault: IssuedTokenFault | null;
  code: DecisionCode;
  issuer: string | undefined;
  subject: object | null;
  storeIsAway: boolean;
  isClientActive: boolean;
  revoked: RevocationTarget | 'unknown' | undefined;
  /** `sub` of whom alone a cut-off names. */
  cutOff: string | undefined;
  proof: UseOutcome | 'unchecked';
  readonly counters: MemoryCounters;
}

describe('OperatorAdmission', () => {
  let world: World;
  let asked: unknown[];
  let records: unknown[];
  beforeEach(() => {
    world = {
      claims: {},
      fault: null,
      code: 'granted',
      issuer: 'idp',
      subject: { id: 's-1', primaryIdentity: { instance: 'oidc:https://idp', externalId: 'linked' } },
      storeIsAway: false,
      isClientActive: true,
      revoked: undefined,
      cutOff: undefined,
      proof: 'first',
      counters: new MemoryCounters(),
    };
    asked = [];
    records = [];
  });

  const admitted = async (permission = READ, token: OperatorToken | undefined = BEARER): Promise<string> => {
    try {
      return (await new OperatorAdmission(partsOf(world, asked, records)).admit(context, token, permission)).subject;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('lets in who holds the permission in the tenant of operators, by the token and now', async () => {
    expect(await admitted()).toBe('u_olga');
    expect(asked).toMatchObject([
      { permission: READ, boundary: [READ], ceiling: null, resource: null, claims: { issuer: 'idp' } },
    ]);
  });

  it('refuses who brings nothing, and whose token is not genuine, and records nobody', async () => {
    await expect(new OperatorAdmission(partsOf(world, asked, records)).admit(context, undefined, READ)).rejects.toMatchObject({
      code: 'OPERATOR_UNAUTHENTICATED',
    });
    world.fault = 'expired';
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    expect(records).toEqual([]);
  });

  it('records whoever holds a genuine token and sends a proof that was used, and counts a proof that is wrong', async () => {
    const presented = (proof: string) => ({ certificate: null, dpop: { proof, method: 'GET', uri: 'https://auth.test/admin' } });
    world.claims = { confirmation: { jkt: 'mine' } };
    expect(await admitted(READ, { token: 'token', scheme: 'DPoP', presented: presented('good') })).toBe('u_olga');
    world.proof = 'repeated';
    expect(await admitted(READ, { token: 'token', scheme: 'DPoP', presented: presented('good') })).toBe(
      'OPERATOR_UNAUTHENTICATED',
    );
    expect(records).toMatchObject([{ outcome: 'refused', clientId: 'ops-cli', detail: 'the jti was used before' }]);
    expect(await admitted(READ, { token: 'token', scheme: 'DPoP', presented: presented('bad') })).toBe(
      'OPERATOR_UNAUTHENTICATED',
    );
    expect(records).toHaveLength(1);
    expect(world.counters.snapshot().get('refusals.operator{OPERATOR_UNAUTHENTICATED}')).toBe(2);
    world.proof = 'unchecked';
    expect(await admitted(READ, { token: 'token', scheme: 'DPoP', presented: presented('good') })).toBe('REPLAY_UNCHECKED');
    expect(records).toHaveLength(1);
  });

  it('refuses what the token does not say, without asking further', async () => {
    expect(await admitted('countersign:key:revoke')).toBe('OPERATOR_NOT_PERMITTED');
    world.claims = { permissions: [`${READ}:x`, 'countersign:key'] };
    expect(await admitted()).toBe('OPERATOR_NOT_PERMITTED');
    expect(asked).toEqual([]);
    expect(records).toHaveLength(2);
  });

  it('refuses what the token says and what is not so any more', async () => {
    for (const code of ['no_grant', 'subject_disabled', 'conditional', 'deny_rule'] as const) {
      world.code = code;
      expect(await admitted()).toBe('OPERATOR_NOT_PERMITTED');
    }
    expect(records).toHaveLength(4);
    expect(records[0]).toMatchObject({ outcome: 'refused', code: 'OPERATOR_NOT_PERMITTED', detail: 'by now: no_grant' });
  });

  it('refuses a token of another tenant, whatever its policy grants', async () => {
    world.claims = { tenant: 'acme' };
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
  });

  it('refuses a token that somebody else holds for the operator', async () => {
    world.claims = { actor: 'c_orders' };
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    world.claims = { impersonated: true };
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
  });

  it.each<[string, Partial<World>]>([
    ['does not say to us who it is about', { claims: { reference: null } }],
    ['comes by an issuer that is trusted no more', { issuer: undefined }],
    ['comes by an issuer whose name is another one by now', { issuer: 'other' }],
    ['is about somebody who is not registered any more', { subject: null }],
  ])('refuses a token that %s', async (_what, changes) => {
    Object.assign(world, changes);
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    expect(asked).toEqual([]);
  });

  it('refuses at once whose token, whose subject or whose client was revoked, and a client that was disabled', async () => {
    world.revoked = { by: 'subject', tenant: 'platform', subject: 'u_olga' };
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    expect(records).toMatchObject([{ code: 'OPERATOR_UNAUTHENTICATED', detail: 'its subject was revoked' }]);
    world.revoked = undefined;
    world.isClientActive = false;
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    expect(asked).toEqual([]);
  });

  it('refuses a token from before its subject was linked, when whom it is known to be about now was cut off', async () => {
    world.cutOff = 'u_somebody-else';
    expect(await admitted()).toBe('u_olga');
    world.cutOff = 'u_linked';
    expect(await admitted()).toBe('OPERATOR_UNAUTHENTICATED');
    expect(records).toMatchObject([{ code: 'OPERATOR_UNAUTHENTICATED', detail: 'its subject was revoked' }]);
  });

  it('lets nobody in while it cannot be told what is revoked, and records no refusal', async () => {
    world.revoked = 'unknown';
    expect(await admitted()).toBe('REVOCATIONS_UNKNOWN');
    expect(records).toEqual([]);
  });

  it('lets nobody in while it cannot be asked, and records no refusal', async () => {
    world.storeIsAway = true;
    expect(await admitted()).toBe('STORE_UNAVAILABLE');
    expect(records).toEqual([]);
  });
});

function partsOf(world: World, asked: unknown[], records: unknown[]): AuthorizationParts {
  const facts = { tenantId: PLATFORM_TENANT, epoch: 1, subject: world.subject } as unknown as SubjectFacts;
  const parts = {
    signingEngine: {
      subjectOf: (_context: unknown, _kind: unknown, { externalId }: { readonly externalId: string }) => `u_${externalId}`,
      verifyIssued: () =>
        world.fault === null ? { genuine: true, claims: { ...claims, ...world.claims } } : { genuine: false, fault: world.fault },
    },
    issuerAccess: { trustedIssuer: () => Promise.resolve(world.issuer === undefined ? undefined : { name: world.issuer }) },
    registrationAccess: {
      applicationFor: () => Promise.resolve({ audience: 'countersign', permissions: [] }),
      clientNamed: () => Promise.resolve(world.isClientActive ? { clientId: 'ops-cli' } : undefined),
    },
    revocationAccess: {
      revokes: (_context: unknown, { subject }: { readonly subject: string }) => {
        if (subject === world.cutOff) return { by: 'subject' };
        if (world.revoked === 'unknown') throw new CodedError('REVOCATIONS_UNKNOWN');
        return world.revoked;
      },
    },
    policyAccess: {
      activePolicy: () =>
        world.storeIsAway
          ? Promise.reject(new CodedError('STORE_UNAVAILABLE'))
          : Promise.resolve({ attributes: [], mappings: [] }),
    },
    factAccess: {
      factsOf: (_context: unknown, { tenantId }: { readonly tenantId: string }) =>
        Promise.resolve(tenantId === PLATFORM_TENANT ? facts : { ...facts, subject: null }),
    },
    permissionEngine: {
      mappedGroups: () => [],
      wantedFacts: () => [],
      decide: (question: unknown) => {
        asked.push(question);
        return { allowed: world.code === 'granted', code: world.code };
      },
    },
    auditAccess: { record: (_context: unknown, record: unknown) => Promise.resolve(void records.push(record)) },
    changeFeed: { epochOf: () => 1, observe: () => undefined },
    clock: { now: () => 0, monotonic: () => 0 },
    nonces: 'off',
    callerProofs: {
      judgeDpop: (_context: unknown, { proof }: { readonly proof: string }) =>
        proof === 'good'
          ? { accepted: true, confirmation: { jkt: 'mine' }, once: { id: 'jti', until: 9 }, nonce: null }
          : { accepted: false, code: 'DPOP_PROOF_INVALID', actual: 'no', expected: 'yes' },
    },
    grantsAccess: {
      useOnce: () =>
        world.proof === 'unchecked' ? Promise.reject(new CodedError('REPLAY_UNCHECKED')) : Promise.resolve(world.proof),
    },
    counters: world.counters,
  };
  return parts as unknown as AuthorizationParts;
}
