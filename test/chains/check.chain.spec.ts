import { beforeEach, describe, expect, it } from '@jest/globals';
import { assignmentOf, AUDIENCE, buildHouse, type House, type HouseChanges, registered, TENANT } from './authorization.house.js';
import { ANA, authenticated, check, codesOf, context, issued, READ, refusal, request } from './check.questions.js';

const CREATE = 'billing:invoice:create';

const AUTHENTICATE = ['RegistrationAccess.authenticateClient'];
const TARGET = ['RegistrationAccess.applicationFor'];
const VERIFY = ['SigningEngine.verifyIssued', 'KeyAccess.verificationKey'];
/** Whether the token still counts, who it refers to, whether its issuer is still trusted, and which tenant it names. */
const REFERRED = [
  ...['RevocationAccess.revokes', 'RegistrationAccess.clientNamed'],
  ...['KeyAccess.unseal', 'IssuerAccess.trustedIssuer', 'FactAccess.tenantNamed'],
];
/** Whether another issuer's token is cut off, once it is known whom it is about. */
const CUT_OFF = ['SigningEngine.subjectOf', 'RevocationAccess.revokes'];
/** Within which limits this client would have a token of it. */
const ADMIT = [
  ...['SigningEngine.subjectOf', 'KeyAccess.keyedDigest', 'SigningEngine.clientSubjectOf', 'KeyAccess.keyedDigest'],
  'DelegationEngine.admit',
];
const READING = [
  'PolicyAccess.activePolicy',
  'PermissionEngine.mappedGroups',
  'FactAccess.factsOf',
  'PermissionEngine.wantedFacts',
];
const DECIDE = ['PermissionEngine.decide'];
const NOTE = ['DecisionTrail.note'];
/** Of a refusal, before it is answered. */
const RECORD = ['AuditAccess.record'];
/** What is tried out beside the answer, and what names the state that it was read from. */
const ANSWER = ['PolicyAccess.shadowPolicy', 'SigningEngine.consistencyToken', 'KeyAccess.keyedDigest'];

describe('The check chain', () => {
  let house: House;
  beforeEach(() => {
    house = buildHouse();
  });

  it('is exactly this by a token of ours, with the denial noted', async () => {
    const { token, asking } = await issued(house);
    house.calls.length = 0;
    const client = await authenticated(house);
    const answer = await house.manager.check(context, client, { ...asking, items: [{ permission: CREATE, resource: null }] });
    expect(answer.results).toMatchObject([{ allowed: false, code: 'no_grant' }]);
    expect(house.calls).toEqual([
      ...AUTHENTICATE,
      ...[...TARGET, ...VERIFY, ...REFERRED],
      // The exchange has named this state already.
      ...[...READING, 'SigningEngine.subjectOf', 'KeyAccess.keyedDigest', 'RevocationAccess.revokes'],
      ...[...DECIDE, ...NOTE, 'PolicyAccess.shadowPolicy', 'SigningEngine.consistencyToken'],
    ]);
    expect(house.notes).toMatchObject([
      { allowed: false, code: 'no_grant', permission: CREATE, clientId: 'web', tenantId: TENANT },
    ]);
    expect(JSON.stringify(house.notes)).not.toContain(token);
  });

  it('is the same by a token of a trusted issuer, which is validated as for an exchange', async () => {
    const answer = await check(house, { subject: { by: 'token', token: house.token() } });
    expect(codesOf(answer)).toEqual(['granted']);
    const validate = ['TokenValidationEngine.validate', 'IssuerAccess.trustedIssuer', 'IssuerAccess.verificationKey'];
    expect(house.calls).toEqual([
      ...[...AUTHENTICATE, ...TARGET, 'SigningEngine.verifyIssued', 'KeyAccess.verificationKey', ...validate],
      ...[...ADMIT, ...READING, ...CUT_OFF, ...DECIDE, ...NOTE, ...ANSWER],
    ]);
  });

  it('verifies nothing where the subject is only named', async () => {
    house.stored.facts = registered(house.stored.facts);
    expect(codesOf(await check(house, { subject: ANA }))).toEqual(['granted']);
    expect(house.calls).toEqual([
      ...[...AUTHENTICATE, ...TARGET, 'FactAccess.tenantNamed'],
      ...[...READING, ...DECIDE, ...NOTE, ...ANSWER],
    ]);
  });

  it('reads once for a batch, and answers in its order', async () => {
    house.stored.facts = registered(house.stored.facts);
    const items = [CREATE, READ, 'billing:no:such', CREATE].map((permission) => ({ permission, resource: null }));
    const answer = await check(house, { subject: ANA, items });
    expect(codesOf(answer)).toEqual(['no_grant', 'granted', 'permission_unknown', 'no_grant']);
    expect(house.calls.filter((call) => call === 'FactAccess.factsOf')).toHaveLength(1);
    expect(house.calls.filter((call) => call === 'PermissionEngine.decide')).toHaveLength(4);
    expect(new Set(house.notes.map(({ decisionId }) => decisionId))).toEqual(new Set([answer.decisionId]));
  });

  it('looks nothing up for a client that may not ask', async () => {
    for (const changes of [{ client: { checks: [] } }, { client: { checks: ['https://other'] } }] as const) {
      const closed = buildHouse(changes);
      expect(await refusal(closed, { audience: AUDIENCE })).toBe('CHECK_NOT_ALLOWED');
      expect(closed.calls).toEqual([...AUTHENTICATE, ...RECORD]);
    }
    expect(await refusal(house, { explain: true })).toBe('CHECK_NOT_ALLOWED');
    expect(await refusal(house, { audience: 'https://other' })).toBe('CHECK_NOT_ALLOWED');
  });
});

describe('A check by a token of ours', () => {
  it('answers within what the token says, as far as it is so still', async () => {
    const house = buildHouse({ roles: ['viewer', 'clerk'] });
    const { asking } = await issued(house, { scope: READ });
    expect(codesOf(await check(house, { ...asking, items: both }))).toEqual(['granted', 'boundary']);
    house.stored.facts = { ...house.stored.facts, assignments: [], epoch: 8 };
    expect(codesOf(await check(house, { ...asking, items: both }))).toEqual(['no_grant', 'no_grant']);
  });

  it('gains nothing that the token was issued without', async () => {
    const house = buildHouse();
    const { asking } = await issued(house);
    house.stored.facts = { ...house.stored.facts, assignments: ['viewer', 'clerk'].map(assignmentOf) };
    expect(codesOf(await check(house, { ...asking, items: both }))).toEqual(['granted', 'boundary']);
  });

  it('decides what was left to it, and nothing else', async () => {
    const house = buildHouse({ roles: [], policy: RESOURCE_POLICY });
    const { asking, conditional } = await issued(house);
    expect(conditional).toEqual([CREATE]);
    const on = (amount: number) => ({
      permission: CREATE,
      resource: { type: 'invoice', id: 'i1', unit: null, path: null, attributes: { amount } },
    });
    expect(codesOf(await check(house, { ...asking, items: [on(5), on(50_000)] }))).toEqual(['granted', 'condition_false']);
  });

  it('refuses one that was revoked, and one of a client that was disabled since', async () => {
    const house = buildHouse();
    const { asking } = await issued(house);
    house.stored.revoked = { by: 'token', tokenId: 'whichever', of: null };
    expect(await refusal(house, asking)).toBe('CHECK_TOKEN_INVALID');
    expect(await refusal(house, { subject: { by: 'token', token: house.token() } })).toBe('CHECK_TOKEN_INVALID');
    house.stored.revoked = undefined;
    house.stored.isClientActive = false;
    expect(await refusal(house, asking)).toBe('CHECK_TOKEN_INVALID');
    house.stored.isClientActive = true;
    expect(codesOf(await check(house, asking))).toEqual(['granted']);
  });

  it('refuses a token for another audience, one that ended, and one that was altered', async () => {
    const house = buildHouse();
    const { token, asking } = await issued(house);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const altered = (changes: object): string =>
      [header, Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url'), signature].join('.');
    for (const bad of [altered({ permissions: [READ, CREATE] }), altered({}).slice(0, -2), altered({ aud: 'other' })]) {
      expect(await refusal(house, { ...asking, subject: { by: 'token', token: bad } })).toBe('CHECK_TOKEN_INVALID');
    }
    house.clock.advance(601_000);
    expect(await refusal(house, asking)).toBe('CHECK_TOKEN_INVALID');
  });

  it('refuses one that came by an issuer that is trusted no more', async () => {
    const house = buildHouse();
    const { asking } = await issued(house);
    house.stored.isIssuerTrusted = false;
    expect(await refusal(house, asking)).toBe('CHECK_TOKEN_INVALID');
    expect(house.calls).not.toContain('PermissionEngine.decide');
  });

  describe('CVE-2026-9094, CVE-2026-40264: a token that serves in another tenant', () => {
    it('refuses to look at it in another tenant', async () => {
      const house = buildHouse();
      const { asking } = await issued(house);
      expect(await refusal(house, { ...asking, tenant: 'other' })).toBe('TENANT_NOT_ALLOWED');
      expect(codesOf(await check(house, { ...asking, tenant: 'acme' }))).toEqual(['granted']);
    });
  });

  it('denies who is disabled by now, and who is in a suspended tenant', async () => {
    const house = buildHouse();
    const { asking } = await issued(house);
    house.stored.facts = registered(house.stored.facts, { status: 'disabled' });
    expect(codesOf(await check(house, asking))).toEqual(['subject_disabled']);
    house.stored.facts = { ...house.stored.facts, tenantStatus: 'suspended' };
    expect(codesOf(await check(house, asking))).toEqual(['tenant_suspended']);
  });
});

describe('A check by a token of a trusted issuer', () => {
  it('is within the limits that the client has in an exchange', async () => {
    const narrow = { targets: [{ audience: AUDIENCE, scopes: [READ], delegationCeiling: [] }] };
    const house = buildHouse({ roles: ['clerk'], client: narrow });
    const upstream = { subject: { by: 'token', token: house.token() }, items: both } as const;
    expect(codesOf(await check(house, upstream))).toEqual(['granted', 'boundary']);
  });

  it('is about the subject alone for a client that may have no token there', async () => {
    const house = buildHouse({ roles: ['clerk'], client: { targets: [] } });
    expect(codesOf(await check(house, { subject: { by: 'token', token: house.token() }, items: both }))).toEqual([
      'granted',
      'granted',
    ]);
  });

  it('says what is wrong with the token, by its code alone', async () => {
    const house = buildHouse();
    const old = house.token({ exp: Math.floor(house.clock.now() / 1000) - 1 });
    const bound = house.token({ cnf: { jkt: 'x' } });
    const client = await authenticated(house);
    for (const [token, actual] of [
      [old, 'TOKEN_EXPIRED'],
      [bound, 'TOKEN_SENDER_CONSTRAINED'],
      ['x.y.z', 'TOKEN_MALFORMED'],
    ] as const) {
      const attempt = house.manager.check(context, client, request({ subject: { by: 'token', token } }));
      await expect(attempt).rejects.toMatchObject({ code: 'CHECK_TOKEN_INVALID', details: { actual } });
    }
    expect(house.notes).toEqual([]);
  });
});

describe('A check by name', () => {
  it('denies whom nobody registered, also what everybody in the tenant has', async () => {
    const everybody = { id: 'b', principal: 'all', role: 'viewer', permissions: [], unit: null, condition: null, resource: null };
    const house = buildHouse({ policy: { bindings: [{ ...everybody, valid: { from: null, until: null } }] } });
    for (const subject of [ANA, { by: 'identity', tenant: 'acme', instance: 'i', externalId: 'nobody' }] as const) {
      expect(codesOf(await check(house, { subject }))).toEqual(['no_grant']);
      expect(await house.manager.effectivePermissions(context, await authenticated(house), request({ subject }))).toMatchObject({
        granted: [],
        conditional: [],
        validUntil: null,
      });
    }
    house.stored.facts = registered(house.stored.facts);
    expect(codesOf(await check(house, { subject: ANA }))).toEqual(['granted']);
  });

  it('knows no tenant that is not there', async () => {
    expect(await refusal(buildHouse(), { subject: { ...ANA, tenant: 'other' } })).toBe('TENANT_UNRESOLVED');
  });
});

describe('The freshness of a check', () => {
  it('is at least that of the token that is sent, and what was read before is read again', async () => {
    const house = buildHouse();
    house.stored.facts = registered(house.stored.facts);
    const { consistencyToken } = await check(house, { subject: ANA });
    house.stored.facts = { ...house.stored.facts, epoch: 9 };
    const newer = (await check(house, { subject: ANA })).consistencyToken;
    house.observed.length = 0;
    expect((await check(house, { subject: ANA, atLeastAsFresh: newer })).epoch).toBe(9);
    expect(house.observed).toEqual([9]);
    expect(newer).not.toBe(consistencyToken);
  });

  it('is refused when what is read is older still', async () => {
    const house = buildHouse();
    house.stored.facts = registered({ ...house.stored.facts, epoch: 9 });
    const { consistencyToken } = await check(house, { subject: ANA });
    house.stored.facts = { ...house.stored.facts, epoch: 8 };
    expect(await refusal(house, { subject: ANA, atLeastAsFresh: consistencyToken })).toBe('CONSISTENCY_UNAVAILABLE');
  });

  it('is not taken from a token that is not ours or belongs to another tenant', async () => {
    const house = buildHouse();
    house.stored.facts = registered(house.stored.facts);
    const { consistencyToken } = await check(house, { subject: ANA });
    house.stored.facts = { ...house.stored.facts, tenantId: 'tenant-other' };
    const { consistencyToken: foreign } = await check(house, { subject: ANA });
    house.stored.facts = { ...house.stored.facts, tenantId: TENANT };
    house.observed.length = 0;
    for (const token of [foreign, `${consistencyToken}x`, consistencyToken.slice(1), 'a.b', '']) {
      expect(await refusal(house, { subject: ANA, atLeastAsFresh: token })).toBe('CONSISTENCY_TOKEN_INVALID');
    }
    expect(house.observed).toEqual([]);
  });

  it('holds for the policy too: one that changed with the facts is read again', async () => {
    const house = buildHouse();
    house.stored.facts = registered({ ...house.stored.facts, epoch: 8 });
    const client = await authenticated(house);
    house.calls.length = 0;
    const before = house.stored.policy;
    const attempt = house.manager.check(context, client, request({ subject: ANA }));
    // The first read of the policy is under way with what was known before.
    house.stored.policy = { ...before, sequence: 4, roles: [] };
    expect(await attempt).toMatchObject({ policyVersion: 'main@4', epoch: 8, results: [{ allowed: false }] });
    expect(house.calls.filter((call) => call === 'PolicyAccess.activePolicy')).toHaveLength(2);
  });
});

describe('Of decisions', () => {
  it('every denial is noted, and one in a hundred that allowed', async () => {
    const house = buildHouse();
    house.stored.facts = registered(house.stored.facts);
    const items = Array.from({ length: 100 }, (_, at) => ({ permission: at % 10 === 0 ? CREATE : READ, resource: null }));
    for (let round = 0; round < 5; round += 1) await check(house, { subject: ANA, items });
    expect(house.notes.filter(({ allowed }) => !allowed)).toHaveLength(50);
    expect(house.notes.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(house.notes[0]).toMatchObject({ subjectId: 's-ana', audience: AUDIENCE, policyVersion: 'main@3', epoch: 7 });
    expect(countsOf(house, 'checks')).toEqual({ 'checks.decided{granted}': 450, 'checks.decided{no_grant}': 50 });
  });
});

describe('What is tried out beside', () => {
  const shadow = { policy: { sequence: 9, roles: [] }, share: 1 };

  it('changes no answer, and its differences are counted by permission and code', async () => {
    const house = buildHouse({ shadow });
    house.stored.facts = registered(house.stored.facts);
    expect(await check(house, { subject: ANA, items: both })).toMatchObject({
      policyVersion: 'main@3',
      results: [{ code: 'granted' }, { code: 'no_grant' }],
    });
    await issued(house);
    await settled();
    expect(countsOf(house, 'shadow')).toEqual({
      'shadow.compared': 2,
      [`shadow.differences{${READ} granted → no_grant}`]: 2,
    });
  });

  it('fails no answer', async () => {
    const house = buildHouse({ shadow: { policy: { mappings: null as never }, share: 1 } });
    house.stored.facts = registered(house.stored.facts);
    expect(codesOf(await check(house, { subject: ANA }))).toEqual(['granted']);
    await settled();
    expect(countsOf(house, 'shadow')).toEqual({ 'shadow.failed': 1 });
  });

  it('is asked for its share of the subjects, always the same ones', async () => {
    const seen = async (key: string): Promise<number> => {
      const house = buildHouse({ shadow: { ...shadow, share: 0.5 } });
      house.stored.facts = registered(house.stored.facts, { key });
      await check(house, { subject: { ...ANA, key } });
      await settled();
      return countsOf(house, 'shadow')['shadow.compared'] ?? 0;
    };
    const keys = Array.from({ length: 40 }, (_, at) => `person-${String(at)}`);
    const first = await Promise.all(keys.map(seen));
    expect(await Promise.all(keys.map(seen))).toEqual(first);
    const share = first.filter((compared) => compared === 1).length;
    expect(share).toBeGreaterThan(8);
    expect(share).toBeLessThan(32);
  });
});

const both = [READ, CREATE].map((permission) => ({ permission, resource: null }));

const RESOURCE_POLICY: NonNullable<HouseChanges['policy']> = {
  attributes: [{ root: 'resource', resourceType: 'invoice', name: 'amount', type: 'int', source: 'pep' }],
  bindings: [
    {
      id: 'small',
      principal: 'all',
      role: null,
      permissions: [CREATE],
      unit: null,
      condition: { key: 'small', expression: 'resource.amount < params.limit', params: { limit: 10_000 } },
      resource: { type: 'invoice', ids: null, path: null },
      valid: { from: null, until: null },
    },
  ],
};

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function countsOf(house: House, prefix: string): Record<string, number> {
  return Object.fromEntries([...house.counters.snapshot()].filter(([name]) => name.startsWith(prefix)));
}
