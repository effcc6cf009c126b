import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { RevocableToken } from '#accessors/grants/revocation.contract.js';
import type { IssuedClaims } from '#engines/signing/contract.js';
import { RevocationMemory } from '../../accessors/grants/revocation-memory.js';
import { AUDIENCE, buildHouse, type House, registered } from '../../test/chains/authorization.house.js';
import type { CallingClient, ExchangeRequest } from './contract.js';
import { DefaultTokenStatus, type TokenStatusParts } from './default.token-status.js';
import { IssuedSubjects } from './issued-subjects.js';

const CONTEXT = { diagnosticId: '4c2c1f0a-0000-4000-8000-000000000001', transport: 'rest' } as const;
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const PLAIN: Omit<ExchangeRequest, 'subjectToken'> = {
  subjectTokenType: JWT,
  actorToken: undefined,
  actorTokenType: undefined,
  requestedTokenType: undefined,
  audience: [AUDIENCE],
  resource: [],
  scope: undefined,
  tenant: undefined,
  impersonation: false,
};
const UNTIL = Number.MAX_SAFE_INTEGER;

const secondsAt = ({ clock }: House): number => Math.floor(clock.now() / 1_000);

function callerOf(house: House): Promise<CallingClient> {
  return house.manager.authenticate(CONTEXT, { method: 'client_secret_post', clientId: 'web', clientSecret: 'right' });
}

async function exchanged(house: House, subjectToken = house.token()): Promise<string> {
  return (await house.manager.exchange(CONTEXT, await callerOf(house), { ...PLAIN, subjectToken })).accessToken;
}

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'let through',
    (error: unknown) => (error as { code: unknown }).code,
  );

async function checked(house: House, token: string): Promise<unknown> {
  const asked = { subject: { by: 'token', token }, items: [{ permission: 'billing:invoice:read', resource: null }] } as const;
  const none = { audience: undefined, tenant: undefined, unit: null, context: {}, explain: false, atLeastAsFresh: undefined };
  return house.manager.check(CONTEXT, await callerOf(house), { ...asked, ...none });
}

function cutOff(house: House, token: string, before = secondsAt(house)): void {
  const target = { by: 'subject', tenant: 'acme', subject: String(decodeJwt(token).sub) } as const;
  house.stored.cutOffs.add({ target, before, until: UNTIL });
}

describe('A cut-off that was not known yet', () => {
  it('ends what came of a token from before it, whenever that was issued', async () => {
    const house = buildHouse();
    const now = secondsAt(house);
    const late = await exchanged(house, house.token({ iat: now - 10 }));
    const fresh = await exchanged(house, house.token({ iat: now - 4 }));
    expect(decodeJwt(late)).toMatchObject({ iat: now, oat: now - 10 });
    cutOff(house, late, now - 5);
    expect(await codeOf(exchanged(house, late))).toBe('TOKEN_REVOKED');
    expect(await codeOf(checked(house, late))).toBe('CHECK_TOKEN_INVALID');
    expect(await codeOf(exchanged(house, fresh))).toBe('let through');
    expect(await codeOf(checked(house, fresh))).toBe('let through');
  });

  it('ends it also when it was passed on: each token says when the first of its chain was issued', async () => {
    const house = buildHouse();
    const first = await exchanged(house);
    house.clock.advance(20_000);
    const second = await exchanged(house, first);
    expect(decodeJwt(second)).toMatchObject({ iat: secondsAt(house), oat: decodeJwt(first)['oat'], hop: 2 });
    cutOff(house, second, secondsAt(house) - 10);
    expect(await codeOf(exchanged(house, second))).toBe('TOKEN_REVOKED');
    expect(await codeOf(checked(house, second))).toBe('CHECK_TOKEN_INVALID');
  });

  it('and came while an exchange was under way lets no token out', async () => {
    const house = buildHouse();
    let asked = 0;
    const arriving = () => ((asked += 1) === 1 ? undefined : { by: 'tenant' as const, tenant: 'acme' });
    Object.defineProperty(house.stored, 'revoked', { get: arriving });
    expect(await codeOf(exchanged(house))).toBe('TOKEN_REVOKED');
    expect(house.records).toMatchObject([{ outcome: 'refused', code: 'TOKEN_REVOKED' }]);
  });
});

describe('A token in which somebody acts', () => {
  const robot = { by: 'subject', tenant: 'acme', subject: 'w_robot' } as const;
  const acting = { act: { sub: 'c_service', act: { sub: 'w_robot' } }, tenant: 'acme', subject: 'u_ana', issuedAt: 10 };

  it.each([
    [9, undefined],
    [10, undefined],
    [11, 'the subject of somebody who acts in it was revoked'],
  ])('ends with a cut-off of any of them: %d', async (before, fallen) => {
    const memory = new RevocationMemory();
    memory.add({ target: robot, before, until: UNTIL });
    const parts = {
      revocationAccess: { revokes: (_context: unknown, token: RevocableToken) => memory.find(token) },
      registrationAccess: { clientNamed: async () => ({ clientId: 'web' }) },
    } as unknown as ConstructorParameters<typeof IssuedSubjects>[0];
    // Its subject came from something older.
    const claims = { ...acting, tokenId: 't', clientId: 'web', origin: { issuedAt: 5, depth: 2 } } as unknown as IssuedClaims;
    expect(await new IssuedSubjects(parts).fallOf(CONTEXT, claims)).toBe(fallen);
  });
});

describe('A token of ours from before its subject was linked', () => {
  it('is cut off with whom it is known to be about now', async () => {
    const house = buildHouse();
    const before = await exchanged(house);
    house.stored.facts = registered(house.stored.facts);
    const linked = await exchanged(house);
    expect(decodeJwt(linked).sub).not.toBe(decodeJwt(before).sub);
    house.clock.advance(5_000);
    cutOff(house, linked);
    expect(await codeOf(exchanged(house, before))).toBe('TOKEN_REVOKED');
    expect(await codeOf(checked(house, before))).toBe('CHECK_TOKEN_INVALID');
  });

  it('is inactive too', async () => {
    const asked: string[] = [];
    const active = async (cutOffs: readonly string[]): Promise<boolean> => {
      asked.length = 0;
      const caller = { proven: true, registration: { clientId: 'web' } } as unknown as CallingClient;
      const status = new DefaultTokenStatus(statusParts((subject) => asked.push(subject) > 0 && cutOffs.includes(subject)));
      return (await status.introspect(CONTEXT, caller, 'x.e30.x')).active;
    };
    expect(await active([])).toBe(true);
    expect(asked).toEqual(['u_before', 'u_linked']);
    expect(await active(['u_before'])).toBe(false);
    expect(await active(['u_linked'])).toBe(false);
  });
});

function statusParts(isCutOff: (subject: string) => boolean): TokenStatusParts {
  const reference = { identity: { externalId: 'before' }, iss: 'iss', issuer: 'idp' };
  const claims = { subject: 'u_before', tenant: 'acme', clientId: 'web', audience: 'a', issuedAt: 1, act: null, reference };
  const linked = { status: 'active', primaryIdentity: { externalId: 'linked' } };
  const parts = {
    signingEngine: {
      verifyIssued: () => ({ genuine: true, claims: { ...claims, confirmation: null, origin: { issuedAt: 1, depth: 1 } } }),
      subjectOf: (_context: unknown, _kind: unknown, { externalId }: { readonly externalId: string }) => `u_${externalId}`,
    },
    registrationAccess: { clientNamed: async () => ({ clientId: 'web' }) },
    issuerAccess: { trustedIssuer: async () => ({ name: 'idp' }) },
    revocationAccess: {
      revokes: (_context: unknown, { subject }: { readonly subject: string }) =>
        isCutOff(subject) ? { by: 'subject', tenant: 'acme', subject } : undefined,
    },
    factAccess: { tenantNamed: async () => 't', factsOf: async () => ({ tenantStatus: 'active', subject: linked }) },
    counters: { increment: () => undefined },
  };
  return parts as unknown as TokenStatusParts;
}
