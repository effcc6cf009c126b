import { describe, expect, it } from '@jest/globals';
import type { ExchangeRequest } from '#managers/authorization/contract.js';
import { API, AUDIENCE, buildHouse, type House, type HouseChanges } from './authorization.house.js';

const context = { diagnosticId: '4c2c1f0a-0000-4000-8000-000000000001', transport: 'rest' } as const;
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const request = (subjectToken: string, changes: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  subjectToken,
  subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
  actorToken: undefined,
  actorTokenType: undefined,
  requestedTokenType: undefined,
  audience: [AUDIENCE],
  resource: [],
  scope: undefined,
  tenant: undefined,
  impersonation: false,
  ...changes,
});

async function exchange(house: House, token = house.token(), changes: Partial<ExchangeRequest> = {}): Promise<string> {
  const client = await house.manager.authenticate(context, {
    method: 'client_secret_post',
    clientId: 'web',
    clientSecret: 'right',
  });
  try {
    const result = await house.manager.exchange(context, client, request(token, changes));
    return result.scope;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const carol = {
  groups: undefined,
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x' } },
};
type Mappings = NonNullable<HouseChanges['mappings']>;
const onGroups: Mappings = [{ issuer: 'contoso', claim: 'groups', value: 'g1', role: 'clerk' }];
const notTheirs: Mappings = [
  { issuer: 'contoso', claim: 'roles', value: 'g2', role: 'clerk' },
  { issuer: 'other', claim: 'groups', value: 'g3', role: 'clerk' },
];

const AUTHENTICATE = ['RegistrationAccess.authenticateClient'];
const VALIDATE = [
  'RegistrationAccess.applicationFor',
  'TokenValidationEngine.validate',
  'IssuerAccess.trustedIssuer',
  'IssuerAccess.verificationKey',
];
const POLICY = ['PolicyAccess.activePolicy'];
const READ = ['PermissionEngine.mappedGroups', 'FactAccess.factsOf', 'PermissionEngine.wantedFacts'];
/** Who the subject is here, and whether it may be had by whoever asks. */
const NAME = ['SigningEngine.subjectOf', 'KeyAccess.keyedDigest'];
const ADMIT = ['SigningEngine.clientSubjectOf', 'KeyAccess.keyedDigest', 'DelegationEngine.admit'];
const JUDGE = [...READ, ...NAME, 'RevocationAccess.revokes', ...ADMIT, 'PermissionEngine.effectivePermissions'];
const COMPUTE = [...POLICY, ...JUDGE];
const MINT = ['SigningEngine.mint', 'KeyAccess.activeKey', 'KeyAccess.seal', 'KeyAccess.signWith', 'RevocationAccess.revokes'];
const RECORD = ['AuditAccess.record'];
/** What is tried out beside the answer, and what names the state that it was read from. */
const ANSWER = ['PolicyAccess.shadowPolicy', 'SigningEngine.consistencyToken', 'KeyAccess.keyedDigest'];

describe('The exchange chain', () => {
  it('is exactly this', async () => {
    const house = buildHouse();
    expect(await exchange(house)).toBe('billing:invoice:read');
    expect(house.calls).toEqual([...AUTHENTICATE, ...VALIDATE, ...COMPUTE, ...MINT, ...RECORD, ...ANSWER]);
  });

  it('asks the directory for the mapped groups of carol alone, who has too many for her token', async () => {
    const asked: unknown[] = [];
    const house = buildHouse({
      directory: {
        groupsOf: (...question) => {
          asked.push(question.slice(1));
          return Promise.resolve({ status: 'resolved', groups: ['g1'] });
        },
      },
      mappings: [...onGroups, { issuer: 'contoso', claim: 'groups', value: 'g1', role: 'viewer' }, ...notTheirs],
    });
    const token = house.token(carol);
    expect(await exchange(house, token)).toBe('billing:invoice:create billing:invoice:read');
    expect(house.calls).toEqual([
      ...AUTHENTICATE,
      ...VALIDATE,
      ...POLICY,
      'DirectoryAccess.groupsOf',
      ...JUDGE,
      ...MINT,
      ...RECORD,
      ...ANSWER,
    ]);
    expect(asked).toEqual([[expect.objectContaining({ kind: 'user', issuer: 'contoso', token }), ['g1']]]);
    house.calls.length = 0;
    await exchange(house);
    expect(house.calls).not.toContain('DirectoryAccess.groupsOf');
  });

  it('refuses carol where no directory answers and roles are mapped from groups, and does not ask otherwise', async () => {
    const mapped = buildHouse({ mappings: onGroups });
    expect(await exchange(mapped, mapped.token(carol))).toBe('GROUPS_OVERAGE_UNRESOLVED');
    const unmapped = buildHouse({ mappings: notTheirs });
    expect(await exchange(unmapped, unmapped.token(carol))).toBe('billing:invoice:read');
    expect(unmapped.calls).not.toContain('DirectoryAccess.groupsOf');
  });

  it('says when to come back while the directory is away, and records no refusal: it is not the doing of the caller', async () => {
    const away = { status: 'unresolved', reason: 'throttled', retryAfterSeconds: 7 } as const;
    const house = buildHouse({ directory: { groupsOf: () => Promise.resolve(away) }, mappings: onGroups });
    const client = await house.manager.authenticate(context, {
      method: 'client_secret_post',
      clientId: 'web',
      clientSecret: 'right',
    });
    await expect(house.manager.exchange(context, client, request(house.token(carol)))).rejects.toMatchObject({
      code: 'DIRECTORY_UNAVAILABLE',
      details: { retryAfterSeconds: 7 },
    });
    expect(house.records).toEqual([]);
  });

  it('passes on what the directory wants the user to prove, and records the refusal', async () => {
    const stepUp = { status: 'unresolved', reason: 'second factor', claims: 'eyJ4IjoxfQ==' } as const;
    const house = buildHouse({ directory: { groupsOf: () => Promise.resolve(stepUp) }, mappings: onGroups });
    const client = await house.manager.authenticate(context, {
      method: 'client_secret_post',
      clientId: 'web',
      clientSecret: 'right',
    });
    await expect(house.manager.exchange(context, client, request(house.token(carol)))).rejects.toMatchObject({
      code: 'TOKEN_STEP_UP_REQUIRED',
      details: { claims: 'eyJ4IjoxfQ==' },
    });
    expect(house.records).toMatchObject([{ outcome: 'refused', code: 'TOKEN_STEP_UP_REQUIRED', detail: 'second factor' }]);
  });

  it('records a refusal and signs nothing', async () => {
    const house = buildHouse({ roles: [] });
    expect(await exchange(house)).toBe('PERMISSION_NONE');
    expect(house.calls).toEqual([...AUTHENTICATE, ...VALIDATE, ...COMPUTE, ...RECORD]);
    expect(house.records).toMatchObject([
      {
        outcome: 'refused',
        code: 'PERMISSION_NONE',
        clientId: 'web',
        tenantId: 'tenant-acme',
        audience: AUDIENCE,
        issuer: 'contoso',
      },
    ]);
  });

  it('looks nothing up for a request that is malformed', async () => {
    const house = buildHouse();
    expect(await exchange(house, house.token(), { audience: ['a', 'b'] })).toBe('TARGET_AMBIGUOUS');
    expect(house.calls).toEqual([...AUTHENTICATE, ...RECORD]);
  });

  it('records nothing of a caller that is not authenticated', async () => {
    const house = buildHouse();
    const attempt = house.manager.authenticate(context, { method: 'client_secret_post', clientId: 'web', clientSecret: 'wrong' });
    await expect(attempt).rejects.toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });
    await expect(house.manager.authenticate(context, { method: 'unreadable' })).rejects.toMatchObject({
      code: 'CLIENT_UNAUTHENTICATED',
    });
    expect(house.calls).toEqual(AUTHENTICATE);
    expect(house.records).toEqual([]);
  });

  it('answers nothing that is not recorded', async () => {
    const house = buildHouse({ audit: { record: () => Promise.reject(Object.assign(new Error('disk'), { code: 'X' })) } });
    await expect(exchange(house)).resolves.not.toContain('billing');
  });

  it('records who acted, for whom, with what, and a digest instead of the token', async () => {
    const client = {
      ownPresenters: [],
      apiAudiences: [{ issuer: 'contoso', id: API }],
      targets: [{ audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:invoice:read'] }],
    };
    const house = buildHouse({ client, roles: ['clerk'] });
    const token = house.token();
    expect(await exchange(house, token)).toBe('billing:invoice:read');
    expect(house.records).toMatchObject([
      {
        outcome: 'issued',
        case: 'on-behalf-of',
        policyVersion: 'main@3',
        epoch: 7,
        permissionCount: 1,
        kid: 'our-key',
        actor: expect.stringMatching(/^c_/),
        subjectTokenSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(JSON.stringify(house.records)).not.toContain(token.split('.')[2]);
  });

  it('gives an actor nothing by default', async () => {
    const client = { ownPresenters: [], listedPresenters: [{ issuer: 'contoso', id: '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5' }] };
    expect(await exchange(buildHouse({ client, roles: ['clerk'] }))).toBe('PERMISSION_NONE');
  });

  it('never lets a client act outside its registration', async () => {
    const house = buildHouse({ client: { ownPresenters: [{ issuer: 'other', id: '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5' }] } });
    expect(await exchange(house)).toBe('TOKEN_PRESENTER_MISMATCH');
    const elsewhere = buildHouse({ client: { targets: [] } });
    expect(await exchange(elsewhere)).toBe('TARGET_NOT_ALLOWED');
    expect(elsewhere.calls).not.toContain('TokenValidationEngine.validate');
  });

  it('is shorter for a token of ours: nobody has to be asked who issued it', async () => {
    const house = buildHouse({ roles: ['clerk'] });
    const client = await proven(house);
    const first = await house.manager.exchange(context, client, request(house.token()));
    house.calls.length = 0;
    const second = await house.manager.exchange(context, client, request(first.accessToken, { scope: 'billing:invoice:read' }));
    expect(second.scope).toBe('billing:invoice:read');
    expect(house.calls).toEqual([
      ...['RegistrationAccess.applicationFor', 'TokenValidationEngine.validate'],
      ...[
        'SigningEngine.verifyIssued',
        'KeyAccess.verificationKey',
        'RevocationAccess.revokes',
        'RegistrationAccess.clientNamed',
      ],
      ...['KeyAccess.unseal', 'IssuerAccess.trustedIssuer', 'FactAccess.tenantNamed'],
      ...['RegistrationAccess.applicationFor', 'IssuerAccess.trustedIssuer', ...POLICY, ...READ, ...NAME],
      ...['RevocationAccess.revokes', 'DelegationEngine.admit', 'PermissionEngine.effectivePermissions'],
      // What is sealed into it, and the name of the state, are the same as in the first.
      ...['SigningEngine.mint', 'KeyAccess.activeKey', 'KeyAccess.signWith', 'RevocationAccess.revokes', ...RECORD],
      ...['PolicyAccess.shadowPolicy', 'SigningEngine.consistencyToken'],
    ]);
    expect(house.records.at(-1)).toMatchObject({ case: 'own', issuer: 'contoso', detail: 'exchange 2 of its chain' });
  });

  it('refuses what was revoked, of either kind, and records it', async () => {
    const house = buildHouse();
    const client = await proven(house);
    const { accessToken } = await house.manager.exchange(context, client, request(house.token()));
    house.stored.revoked = { by: 'subject', tenant: 'acme', subject: 'u_x' };
    for (const token of [accessToken, house.token()]) {
      await expect(house.manager.exchange(context, client, request(token))).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
      expect(house.records.at(-1)).toMatchObject({ code: 'TOKEN_REVOKED', detail: 'its subject was revoked' });
    }
  });

  it('validates the token of an actor as it does that of a subject, and looks up who the actor is here', async () => {
    const client = { targets: [{ audience: AUDIENCE, scopes: ['billing:**'], delegationCeiling: ['billing:*:read'] }] };
    const house = buildHouse({ client });
    const actor = { actorToken: house.token({ oid: '77777777-52f0-4c2e-8a35-5d1a0f6b7c88' }), actorTokenType: JWT };
    expect(await exchange(house, house.token(), actor)).toBe('billing:invoice:read');
    const [, ...validate] = VALIDATE;
    expect(house.calls).toEqual([
      ...[...AUTHENTICATE, ...VALIDATE, ...POLICY, ...READ],
      ...[...validate, 'FactAccess.factsOf', ...NAME, 'RevocationAccess.revokes', 'SigningEngine.subjectOf'],
      ...[...NAME, 'RevocationAccess.revokes', ...ADMIT, 'PermissionEngine.effectivePermissions', ...MINT, ...RECORD, ...ANSWER],
    ]);
    expect(house.records).toMatchObject([{ case: 'on-behalf-of', actor: expect.stringMatching(/^u_/) }]);
    const broken = { ...actor, actorToken: house.token({ aud: 'somebody-else' }) };
    expect(await exchange(house, house.token(), broken)).toBe('ACTOR_TOKEN_INVALID');
    expect(await exchange(house, house.token(), { ...actor, actorToken: house.token() })).toBe('DELEGATION_NOT_ALLOWED');
  });

  it('records nothing of a caller without credentials whom no token names', async () => {
    const house = buildHouse();
    const nobody = { proven: false, clientId: undefined, shown: [] } as const;
    for (const token of [house.token(), house.token({ exp: 1 }), 'nonsense', undefined]) {
      const attempt = house.manager.exchange(context, nobody, { ...request(''), subjectToken: token });
      await expect(attempt).rejects.toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });
    }
    expect(house.records).toEqual([]);
    expect(house.calls).not.toContain('AuditAccess.record');
  });
});

function proven(house: House): ReturnType<House['manager']['authenticate']> {
  return house.manager.authenticate(context, { method: 'client_secret_post', clientId: 'web', clientSecret: 'right' });
}
