import { beforeEach, describe, expect, it } from '@jest/globals';
import type { GatewayRoute } from '#accessors/policy/contract.js';
import type { AuthenticatedClient } from '#managers/authorization/contract.js';
import type { GatewayRequest, GatewayVerdict } from '#managers/authorization/gateway.contract.js';
import { API, AUDIENCE, buildHouse, type House, type HouseChanges, TENANT } from './authorization.house.js';
import { authenticated, context, issued, READ } from './check.questions.js';

const CREATE = 'billing:invoice:create';
const ROUTES: readonly GatewayRoute[] = [
  { match: 'GET /v1/invoices/{id}', application: 'billing', permission: READ, resource: { type: 'invoice', id: '{id}' } },
  { match: 'POST /v1/invoices', application: AUDIENCE, permission: CREATE, resource: null },
];
const NOTHING_CONFIGURED = { audience: undefined, tenant: undefined, permission: undefined };
const SWAPPING: HouseChanges = {
  policy: { routes: ROUTES },
  client: { gateway: { mode: 'token-swap', namesPermissions: false, removes: ['cookie'] } },
};

/** Every token that the house issues has this id. */
const REVOKED = {
  target: { by: 'token', tokenId: '0b3c8f0e-0000-4000-8000-000000000001', of: null },
  before: 0,
  until: Number.MAX_SAFE_INTEGER,
} as const;

async function admit(house: House, changes: Partial<GatewayRequest> = {}): Promise<GatewayVerdict> {
  return house.gateway.admit(context, await authenticated(house), {
    method: 'GET',
    target: '/v1/invoices/i1',
    authorization: [`Bearer ${house.token()}`],
    configured: NOTHING_CONFIGURED,
    ...changes,
  });
}

const AUTHENTICATE = ['RegistrationAccess.authenticateClient'];
const VALIDATE = [
  ...['SigningEngine.verifyIssued', 'KeyAccess.verificationKey', 'TokenValidationEngine.validate'],
  ...['IssuerAccess.trustedIssuer', 'IssuerAccess.verificationKey'],
];
const ADMIT = [
  ...['SigningEngine.subjectOf', 'KeyAccess.keyedDigest', 'SigningEngine.clientSubjectOf', 'KeyAccess.keyedDigest'],
  'DelegationEngine.admit',
];
const READING = [
  ...['PolicyAccess.activePolicy', 'PermissionEngine.mappedGroups', 'FactAccess.factsOf', 'PermissionEngine.wantedFacts'],
];

describe('The chain of a request at a gateway', () => {
  it('is that of a check, whose question the routes of its policy say', async () => {
    const house = buildHouse({ policy: { routes: ROUTES } });
    const verdict = await admit(house);
    expect(verdict).toMatchObject({ outcome: 'allowed', token: null, decision: { permission: READ, tenant: 'acme' } });
    expect(house.calls).toEqual([
      ...[...AUTHENTICATE, 'GatewayRoutes.read', 'RegistrationAccess.applicationFor', ...VALIDATE, ...ADMIT, ...READING],
      ...['SigningEngine.subjectOf', 'RevocationAccess.revokes', 'GatewayRoutes.questionOf', 'SigningEngine.subjectOf'],
      ...['PermissionEngine.decide', 'DecisionTrail.note', 'PolicyAccess.shadowPolicy'],
    ]);
  });

  it('ends before a token is looked at where the path has two meanings, and notes what no route fits', async () => {
    const house = buildHouse({ policy: { routes: ROUTES } });
    expect(await admit(house, { target: '/v1/invoices/%2e%2e/x' })).toMatchObject({ outcome: 'denied', code: 'path_refused' });
    expect(house.calls).toEqual([...AUTHENTICATE, 'GatewayRoutes.read']);
    const unrouted = await admit(house, { target: '/v1/orders' });
    expect(unrouted).toMatchObject({ outcome: 'denied', code: 'route_unknown', decision: { permission: null } });
    expect(house.calls).not.toContain('PermissionEngine.decide');
    expect(house.notes).toMatchObject([{ allowed: false, code: 'route_unknown', tenantId: TENANT, subjectId: null }]);
    expect(JSON.stringify(house.notes)).not.toContain('orders');
  });

  it('lets the configuration name the permission where the registration allows that, and nowhere else', async () => {
    const configured = { ...NOTHING_CONFIGURED, permission: READ };
    await expect(admit(buildHouse(), { configured })).rejects.toMatchObject({ code: 'CHECK_NOT_ALLOWED' });
    const gateway = { mode: 'headers', namesPermissions: true, removes: [] } as const;
    const house = buildHouse({ client: { gateway } });
    expect(await admit(house, { configured, target: '/whatever' })).toMatchObject({ outcome: 'allowed' });
    const more = { ...configured, permission: CREATE };
    expect(await admit(house, { configured: more })).toMatchObject({ outcome: 'denied', code: 'no_grant' });
    expect(await admit(house, { configured, target: '/a//b' })).toMatchObject({ code: 'path_refused' });
  });

  it('sends back for a stronger authentication', async () => {
    const stepUps = [{ id: 's', permissions: [READ], acr: ['mfa'], maxAuthAgeSeconds: 300 }];
    const house = buildHouse({ policy: { routes: ROUTES, stepUps } });
    expect(await admit(house)).toMatchObject({
      outcome: 'unauthenticated',
      code: 'step_up_required',
      challenge: { error: 'insufficient_user_authentication', acr: ['mfa'], maxAgeSeconds: 300 },
    });
  });
});

describe('A token that takes the place of another', () => {
  let house: House;
  let inbound: readonly string[];
  beforeEach(() => {
    house = buildHouse(SWAPPING);
    inbound = [`Bearer ${house.token()}`];
  });

  const swapped = async (changes: Partial<GatewayRequest> = {}): Promise<string> => {
    const verdict = await admit(house, { authorization: inbound, ...changes });
    if (verdict.outcome !== 'allowed') throw new Error(verdict.code);
    return verdict.token?.value ?? '';
  };
  const issuedCount = (): number => house.records.filter(({ outcome }) => outcome === 'issued').length;

  it('is issued by an exchange, which is recorded, and handed out again as long as nothing changes', async () => {
    const token = await swapped();
    const [, payload = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ aud: AUDIENCE, permissions: [READ] });
    expect([await swapped(), await swapped({ target: '/v1/invoices/i2' })]).toEqual([token, token]);
    expect(issuedCount()).toBe(1);
    expect(house.calls.filter((call) => call === 'PermissionEngine.decide')).toHaveLength(3);
  });

  it.each<readonly [string, () => void]>([
    ['the facts', () => (house.stored.facts = { ...house.stored.facts, epoch: 8 })],
    ['the policy', () => (house.stored.policy = { ...house.stored.policy, sequence: 4 })],
    ['what belongs to no tenant', () => (house.stored.knownEpoch = 9)],
    ['what the token says', () => (inbound = [`Bearer ${house.token({ uti: 'another' })}`])],
    ['the time that is left of it', () => house.clock.advance(571_000)],
    ['what is revoked of it', () => house.stored.cutOffs.add(REVOKED)],
  ])('is another one after a change of %s', async (_what, change) => {
    const token = await swapped();
    change();
    expect(await swapped()).not.toBe(token);
    expect(issuedCount()).toBe(2);
  });

  it('is the same one while thirty seconds are left of it', async () => {
    const token = await swapped();
    house.clock.advance(570_000);
    expect(await swapped()).toBe(token);
  });

  it('is not handed out to whom the permission was taken, or who was cut off', async () => {
    await swapped();
    house.stored.facts = { ...house.stored.facts, assignments: [] };
    expect(await admit(house, { authorization: inbound })).toMatchObject({ outcome: 'denied', code: 'no_grant' });
    house = buildHouse(SWAPPING);
    await swapped();
    house.stored.revoked = { by: 'subject', tenant: 'acme', subject: 'whoever' };
    expect(await admit(house)).toMatchObject({ outcome: 'unauthenticated', code: 'CHECK_TOKEN_INVALID' });
  });

  it('is not handed out again, nor is anybody let through, once somebody who acts was cut off', async () => {
    const target = { audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:**'] };
    house = buildHouse({ ...SWAPPING, client: { ...SWAPPING.client, targets: [target] } });
    inbound = [`Bearer ${house.token({ act: { sub: 'robot' } })}`];
    const [, payload = ''] = (await swapped()).split('.');
    const { act } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { act: { sub: string } };
    const before = house.clock.now() / 1_000 + 1;
    const cut = { by: 'subject', tenant: 'acme', subject: act.sub } as const;
    house.stored.cutOffs.add({ target: cut, before, until: Number.MAX_SAFE_INTEGER });
    expect(await admit(house, { authorization: inbound })).toMatchObject({
      outcome: 'unauthenticated',
      code: 'CHECK_TOKEN_INVALID',
    });
    const headers = buildHouse({ policy: { routes: ROUTES }, client: { targets: [target] } });
    headers.stored.cutOffs.add({ target: cut, before, until: Number.MAX_SAFE_INTEGER });
    expect(await admit(headers, { authorization: inbound })).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
  });

  it('is another one once the gateway itself was cut off from acting', async () => {
    const target = { audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:**'] };
    const acting = { targets: [target], ownPresenters: [], apiAudiences: [{ issuer: 'contoso', id: API }] };
    house = buildHouse({ ...SWAPPING, client: { ...SWAPPING.client, ...acting } });
    inbound = [`Bearer ${house.token()}`];
    const token = await swapped();
    expect(await swapped()).toBe(token);
    const [, payload = ''] = token.split('.');
    const { act } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { act: { sub: string } };
    house.clock.advance(2_000);
    const cut = { by: 'subject', tenant: 'acme', subject: act.sub } as const;
    house.stored.cutOffs.add({ target: cut, before: house.clock.now() / 1_000, until: Number.MAX_SAFE_INTEGER });
    expect(await swapped()).not.toBe(token);
  });

  it('is not handed out again for longer than a second after its key was revoked, whatever epoch it is kept under', async () => {
    await swapped();
    house.stored.isKeyRevoked = true;
    house.clock.advance(1_000);
    for (let times = 0; times < 2; times += 1) await expect(swapped()).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('is issued by what the client is by now, since it is kept under the epoch of now', async () => {
    const now = { targets: [{ audience: AUDIENCE, scopes: [READ], delegationCeiling: [] }] };
    house = buildHouse({ ...SWAPPING, roles: ['clerk'], client: { ...SWAPPING.client, ...now } });
    const client = (await authenticated(house)) as AuthenticatedClient;
    const before = { ...client.registration, targets: [{ audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: [] }] };
    const request = { method: 'GET', target: '/v1/invoices/i1', authorization: inbound, configured: NOTHING_CONFIGURED };
    const admitted = (): Promise<GatewayVerdict> => house.gateway.admit(context, { ...client, registration: before }, request);
    expect(await admitted()).toMatchObject({ token: { permissionCount: 1 } });
    house.stored.knownEpoch = 9;
    house.stored.isClientActive = false;
    await expect(admitted()).rejects.toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });
  });

  it('is issued once for all who ask at the same time', async () => {
    const tokens = await Promise.all([swapped(), swapped(), swapped()]);
    expect(new Set(tokens).size).toBe(1);
    expect(issuedCount()).toBe(1);
  });

  it('is tried again by everybody who only waited for one that failed', async () => {
    let failures = 1;
    const audit = {
      record: () => (failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve()),
    };
    house = buildHouse({ ...SWAPPING, audit });
    const results = await Promise.allSettled([swapped(), swapped()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('is not put in the place of one of ours for the application', async () => {
    const { token } = await issued(house);
    const verdict = await admit(house, { authorization: [`Bearer ${token}`] });
    expect(verdict).toMatchObject({ outcome: 'allowed', token: null, removes: ['cookie'] });
  });
});
