import { describe, expect, it } from '@jest/globals';
import type { GrantLimits, GrantQuestion } from './contract.js';
import { DefaultDelegationEngine } from './default.delegation.engine.js';
import { ask, BILLING, hopping, impersonating, KEY, LEDGER, narrowing, NOW, onBehalf } from './fixtures/question.fixture.js';

const engine = new DefaultDelegationEngine();

function limitsOf(question: GrantQuestion): GrantLimits {
  const verdict = engine.admit(question);
  if (!verdict.granted) throw new Error(`${verdict.code}: ${verdict.because}`);
  return verdict.limits;
}

function refusalOf(question: GrantQuestion): string {
  const verdict = engine.admit(question);
  return verdict.granted ? 'granted' : `${verdict.code} ${verdict.field}`;
}

const ofOurs = { audience: BILLING, clientId: 'web', permissions: [], impersonated: false };

describe('The own case', () => {
  it('names nobody, and is limited by what the client may ask for', () => {
    expect(limitsOf(ask())).toMatchObject({ case: 'own', act: null, impersonated: false, depth: 1, within: [['ledger:**']] });
  });

  it('of a token of ours is to narrow it: within what it says, for the same audience, by the client that has it', () => {
    const limits = limitsOf(narrowing());
    expect(limits).toMatchObject({ case: 'own', act: null, depth: 2, within: [['ledger:**'], ['ledger:entry:read']] });
    expect(refusalOf(narrowing({ subject: { issued: { ...ofOurs, audience: LEDGER } } }))).toBe(
      'TOKEN_PRESENTER_MISMATCH subject_token',
    );
    const elsewhere = { ...ofOurs, clientId: 'billing-api', audience: 'https://other.acme.test' };
    expect(refusalOf(narrowing({ subject: { issued: elsewhere } }))).toBe('DELEGATION_NOT_ALLOWED subject_token');
  });

  it('never makes of what was delegated or impersonated something of its own', () => {
    const issued = { audience: LEDGER, clientId: 'billing-api', permissions: ['ledger:entry:read'], impersonated: false };
    const act = { sub: 'c_billing' };
    expect(limitsOf(narrowing({ subject: { issued, act } }))).toMatchObject({
      case: 'on-behalf-of',
      act,
      within: [['ledger:**'], ['ledger:*:read'], ['ledger:entry:read']],
    });
    const taken = { issued: { ...issued, impersonated: true } };
    expect(refusalOf(narrowing({ subject: taken }))).toBe('IMPERSONATION_NOT_ALLOWED impersonation');
    const allowed = { impersonation: ['ledger:entry:*'] };
    expect(limitsOf(narrowing({ subject: taken, target: allowed }))).toMatchObject({ case: 'impersonation', impersonated: true });
    expect(limitsOf(hopping({ subject: { issued: { ...ofOurs, impersonated: true } } }))).toMatchObject({
      case: 'on-behalf-of',
      impersonated: true,
    });
  });
});

describe('On behalf of somebody', () => {
  it('names the authenticated client, within its ceiling', () => {
    const limits = limitsOf(onBehalf());
    expect(limits).toMatchObject({ case: 'on-behalf-of', act: { sub: 'c_billing' }, within: [['ledger:**'], ['ledger:*:read']] });
  });

  it('names the verified actor in its place, and ends with its token (RFC 8693 §4.1)', () => {
    const limits = limitsOf(ask({ actor: {} }));
    expect(limits).toMatchObject({ case: 'on-behalf-of', act: { sub: 'w_robot' }, notAfter: NOW + 300 });
  });

  it('nests who acted before, from the token of the subject: the current actor is outermost', () => {
    const act = { sub: 'c_2', act: { sub: 'c_1' } };
    expect(limitsOf(hopping({ subject: { act } })).act).toEqual({ sub: 'c_billing', act });
    expect(limitsOf(ask({ subject: { act: { sub: 'w_idp' } } }))).toMatchObject({ case: 'on-behalf-of', act: { sub: 'w_idp' } });
  });

  it('goes on over a hop alone, within the ceiling and the hop', () => {
    const within = [['ledger:**'], ['ledger:entry:*'], ['ledger:*:read']];
    expect(limitsOf(hopping())).toMatchObject({ case: 'on-behalf-of', act: { sub: 'c_billing' }, depth: 2, within });
    expect(refusalOf(hopping({ client: { serves: [] } }))).toBe('TOKEN_PRESENTER_MISMATCH subject_token');
    expect(refusalOf(hopping({ target: { hops: [] } }))).toBe('DELEGATION_NOT_ALLOWED subject_token');
    const twice = [
      { from: BILLING, ceiling: ['ledger:entry:*'] },
      { from: BILLING, ceiling: ['ledger:*:read'] },
    ];
    expect(limitsOf(hopping({ target: { hops: twice } })).within).toHaveLength(4);
  });

  it('is at most three exchanges long, with nobody in it twice', () => {
    expect(limitsOf(hopping({ subject: { depth: 2, act: { sub: 'c_2', act: { sub: 'c_1' } } } })).depth).toBe(3);
    expect(refusalOf(hopping({ subject: { depth: 3 } }))).toBe('DELEGATION_TOO_DEEP subject_token');
    expect(refusalOf(hopping({ subject: { act: { sub: 'c_billing' } } }))).toBe('DELEGATION_TOO_DEEP subject_token');
    expect(refusalOf(ask({ actor: { subject: 'u_alice' } }))).toBe('DELEGATION_NOT_ALLOWED actor_token');
  });

  it('is for whom may_act names, and for nobody else (RFC 8693 §4.4)', () => {
    const named = (sub: string | null, clientId: string | null = null, issuer: string | null = 'contoso') => ({
      mayAct: { issuer, sub, clientId },
    });
    expect(refusalOf(onBehalf({ subject: named('billing-at-contoso') }))).toBe('granted');
    expect(refusalOf(onBehalf({ subject: named(null, 'billing-at-contoso') }))).toBe('granted');
    expect(refusalOf(ask({ actor: {}, subject: named('robot') }))).toBe('granted');
    for (const other of [
      named('billing-at-contoso', 'another'),
      named('billing-at-contoso', null, 'keycloak'),
      named('billing-at-contoso', null, null),
      named(null),
      named('robot'),
    ]) {
      expect(refusalOf(onBehalf({ subject: other }))).toBe('DELEGATION_NOT_ALLOWED subject_token');
    }
    for (const other of [named('billing-at-contoso'), named('robot', 'billing-at-contoso'), named('robot', null, 'keycloak')]) {
      expect(refusalOf(ask({ actor: {}, subject: other }))).toBe('DELEGATION_NOT_ALLOWED actor_token');
    }
  });
});

// CVE-2025-55241, CVE-2026-55040: an actor of another tenant, not validated as such.
describe('CVE-2025-55241', () => {
  const of = (...tenants: readonly string[]) => ({ actor: { tenants } });
  const pair = (actor: string, subject: string) => ({ target: { tenantPairs: [{ actor, subject }] } });

  it('has an actor of the tenant of the subject, or of one that the registration pairs with it, this way round', () => {
    expect(refusalOf(ask(of('acme')))).toBe('granted');
    expect(refusalOf(ask(of('globex', 'acme')))).toBe('granted');
    expect(refusalOf(ask({ ...of('globex'), ...pair('globex', 'acme') }))).toBe('granted');
    expect(refusalOf(ask(of('globex')))).toBe('DELEGATION_NOT_ALLOWED actor_token');
    expect(refusalOf(ask(of()))).toBe('DELEGATION_NOT_ALLOWED actor_token');
    expect(refusalOf(ask({ ...of('globex'), ...pair('acme', 'globex') }))).toBe('DELEGATION_NOT_ALLOWED actor_token');
    expect(refusalOf(ask({ ...of('globex'), ...pair('globex', 'initech') }))).toBe('DELEGATION_NOT_ALLOWED actor_token');
  });

  it('has an actor that is there itself, with a token of its own', () => {
    expect(refusalOf(ask({ actor: { isOwn: false } }))).toBe('ACTOR_TOKEN_INVALID actor_token');
    expect(refusalOf(ask({ actor: { isActedFor: true } }))).toBe('ACTOR_TOKEN_INVALID actor_token');
  });
});

describe('Impersonation', () => {
  it('has a permission of its own, names nobody, and is marked', () => {
    const limits = limitsOf(impersonating());
    expect(limits).toMatchObject({
      case: 'impersonation',
      act: null,
      impersonated: true,
      within: [['ledger:**'], ['ledger:entry:read']],
    });
    expect(refusalOf(impersonating({ target: { impersonation: [] } }))).toBe('IMPERSONATION_NOT_ALLOWED impersonation');
  });

  it('hides nobody who acts already, and takes no actor token', () => {
    expect(refusalOf(impersonating({ subject: { act: { sub: 'c_1' } } }))).toBe('IMPERSONATION_NOT_ALLOWED impersonation');
    expect(refusalOf(impersonating({ actor: {} }))).toBe('IMPERSONATION_NOT_ALLOWED impersonation');
  });
});

describe('A public client', () => {
  const open = { asked: { clientIsProven: false, shown: [KEY] } };

  it('has the own case alone, bound unless it is registered otherwise', () => {
    expect(limitsOf(ask(open))).toMatchObject({ case: 'own', confirmation: KEY });
    expect(refusalOf(ask({ asked: { clientIsProven: false } }))).toBe('BINDING_REQUIRED subject_token');
    expect(limitsOf(ask({ asked: { clientIsProven: false }, client: { binding: 'optional' } })).confirmation).toBeNull();
    expect(refusalOf(onBehalf(open))).toBe('DELEGATION_NOT_ALLOWED subject_token');
    expect(refusalOf(ask({ ...open, actor: {} }))).toBe('DELEGATION_NOT_ALLOWED actor_token');
    expect(refusalOf(narrowing(open))).toBe('DELEGATION_NOT_ALLOWED subject_token');
    expect(refusalOf(impersonating(open))).toBe('IMPERSONATION_NOT_ALLOWED subject_token');
  });
});

describe('A key', () => {
  const cert = { 'x5t#S256': 'certificate' };

  it('binds whatever was shown; that of the token that was handed in goes first', () => {
    expect(limitsOf(ask({ asked: { shown: [cert] } })).confirmation).toEqual(cert);
    expect(limitsOf(ask({ asked: { shown: [cert, KEY] } })).confirmation).toEqual(KEY);
    expect(limitsOf(ask({ asked: { shown: [cert, KEY] }, subject: { confirmation: cert } })).confirmation).toEqual(cert);
    expect(limitsOf(ask({ asked: { shown: [cert, KEY] }, actor: { confirmation: cert } })).confirmation).toEqual(cert);
    expect(limitsOf(ask()).confirmation).toBeNull();
  });

  it('has to be shown where a token is bound to it: that very one', () => {
    for (const shown of [[], [{ jkt: 'another' }], [{ 'x5t#S256': KEY.jkt }]]) {
      expect(refusalOf(ask({ subject: { confirmation: KEY }, asked: { shown } }))).toBe('BINDING_NOT_SHOWN subject_token');
      expect(refusalOf(ask({ actor: { confirmation: KEY }, asked: { shown } }))).toBe('BINDING_NOT_SHOWN actor_token');
    }
    for (const strange of [{}, { ...KEY, ...cert }]) {
      expect(refusalOf(ask({ subject: { confirmation: strange }, asked: { shown: [KEY, cert] } }))).toBe(
        'BINDING_NOT_SHOWN subject_token',
      );
    }
  });

  it('is not wanted where nothing is issued', () => {
    expect(refusalOf(ask({ client: { binding: 'required' } }))).toBe('BINDING_REQUIRED subject_token');
    expect(refusalOf(ask({ client: { binding: 'required' }, asked: { issues: false } }))).toBe('granted');
  });
});

describe('The origin', () => {
  it('stays the same however often a token is exchanged, and ends it', () => {
    const old = { originIssuedAt: NOW - 5_000, originEndsAt: NOW + 40 };
    expect(limitsOf(hopping({ subject: old }))).toMatchObject({ originIssuedAt: NOW - 5_000, notAfter: NOW + 40 });
    expect(refusalOf(hopping({ subject: { ...old, originEndsAt: NOW } }))).toBe('TOKEN_TOO_OLD subject_token');
  });
});
