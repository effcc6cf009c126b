import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnEachDatabase } from '../support/database.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { type Answer, ARCHIVE, type Exchange, exchangesOver, LEDGER, threeServices, VAULT } from './delegation.services.js';

describeOnEachDatabase('A chain of services', (open) => {
  let service: TestService;
  let over: Readonly<Record<'REST' | 'gRPC', Exchange>>;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    await service.apply(threeServices(service));
    over = exchangesOver(service);
  }, 120_000);
  afterAll(() => service.stop());

  const alice = (): string => service.identityProvider.issue({ persona: 'alice', version: 2 });
  const robot = (): string => service.identityProvider.issue({ persona: 'svc-billing', version: 2 });
  function issued(answer: Answer): Extract<Answer, { token: string }> {
    if ('code' in answer) throw new Error(answer.code);
    return answer;
  }

  it.each(['REST', 'gRPC'] as const)(
    'passes a token on from service to service over %s, and says who acted',
    async (transport) => {
      const exchange = over[transport];
      const first = issued(await exchange(PORTAL_CLIENT_ID, alice(), { audience: SAMPLE_AUDIENCE }));
      const second = issued(await exchange('billing-api', first.token, { audience: LEDGER }));
      const third = issued(await exchange('ledger-api', second.token, { audience: ARCHIVE }));
      expect(first.claims).not.toHaveProperty('act');
      const billing = second.claims['act'];
      expect(billing).toEqual({ sub: expect.stringMatching(/^c_/) });
      expect(second.claims).toMatchObject({ aud: LEDGER, client_id: 'billing-api', hop: 2, permissions: ['ledger:entry:read'] });
      expect(third.claims).toMatchObject({
        aud: ARCHIVE,
        client_id: 'ledger-api',
        hop: 3,
        sub: first.claims['sub'],
        oat: first.claims['oat'],
        act: { sub: expect.stringMatching(/^c_/), act: billing },
        permissions: ['archive:entry:read'],
      });
      expect(Number(third.claims['exp'])).toBeLessThanOrEqual(Number(first.claims['exp']));
      expect(await exchange('archive-api', third.token, { audience: VAULT })).toEqual({ code: 'DELEGATION_TOO_DEEP' });
    },
  );

  it.each(['REST', 'gRPC'] as const)('gives a service nothing for what it only saw, over %s', async (transport) => {
    const exchange = over[transport];
    const subject = alice();
    const first = issued(await exchange(PORTAL_CLIENT_ID, subject, { audience: SAMPLE_AUDIENCE }));
    const second = issued(await exchange('billing-api', first.token, { audience: LEDGER }));
    expect(await exchange('ledger-api', first.token, { audience: ARCHIVE })).toEqual({ code: 'TOKEN_PRESENTER_MISMATCH' });
    expect(await exchange('ledger-api', subject, { audience: ARCHIVE })).toEqual({ code: 'TOKEN_PRESENTER_MISMATCH' });
    expect(await exchange('ledger-api', second.token, { audience: LEDGER })).toEqual({ code: 'DELEGATION_NOT_ALLOWED' });
    expect(await exchange('billing-api', first.token, { audience: ARCHIVE })).toEqual({ code: 'TARGET_NOT_ALLOWED' });
    const changed = `${first.token.slice(0, -4)}AAAA`;
    expect(await exchange('billing-api', changed, { audience: LEDGER })).toEqual({ code: 'TOKEN_SIGNATURE_INVALID' });
  });

  it('narrows a token of its own, and never widens it again', async () => {
    const first = issued(
      await over.REST(PORTAL_CLIENT_ID, alice(), { audience: SAMPLE_AUDIENCE, scope: 'billing:invoice:read' }),
    );
    const again = issued(await over.gRPC(PORTAL_CLIENT_ID, first.token, { audience: SAMPLE_AUDIENCE }));
    expect(again.claims).toMatchObject({ permissions: ['billing:invoice:read'], sub: first.claims['sub'], hop: 2 });
    expect(again.claims).not.toHaveProperty('act');
    const wider = { audience: SAMPLE_AUDIENCE, scope: 'billing:invoice:create' };
    expect(await over.REST(PORTAL_CLIENT_ID, first.token, wider)).toEqual({ code: 'SCOPE_NOT_HELD' });
    expect(await over.REST(ORDERS_CLIENT_ID, first.token, { audience: SAMPLE_AUDIENCE })).toEqual({
      code: 'TOKEN_PRESENTER_MISMATCH',
    });
  });

  it.each(['REST', 'gRPC'] as const)('names the verified actor in the place of the client over %s', async (transport) => {
    const exchange = over[transport];
    const asking = { audience: LEDGER, actorToken: robot() };
    const { claims } = issued(await exchange('batch', alice(), asking));
    expect(claims).toMatchObject({ sub: expect.stringMatching(/^u_/), act: { sub: expect.stringMatching(/^w_/) } });
    expect(await exchange('batch', alice(), { ...asking, actorToken: alice() })).toEqual({ code: 'ACTOR_TOKEN_INVALID' });
    expect(await exchange('batch', robot(), asking)).toEqual({ code: 'DELEGATION_NOT_ALLOWED' });
  });

  it.each(['REST', 'gRPC'] as const)(
    'marks an impersonation, which needs a permission of its own, over %s',
    async (transport) => {
      const exchange = over[transport];
      const { claims } = issued(await exchange('batch', alice(), { audience: LEDGER, impersonation: true }));
      expect(claims).toMatchObject({ impersonated: true, permissions: ['ledger:entry:read', 'ledger:entry:write'] });
      expect(claims).not.toHaveProperty('act');
      expect(await exchange('batch', alice(), { audience: ARCHIVE, impersonation: true })).toEqual({
        code: 'IMPERSONATION_NOT_ALLOWED',
      });
    },
  );

  it('never takes the token of one subject for another that was asked for', async () => {
    const headers = { authorization: basic('batch', service.secret) };
    const form = exchangeForm(alice(), { audience: LEDGER, requested_subject: 'bob' });
    expect((await post(service.host, form, headers)).body).toMatchObject({ code: 'IMPERSONATION_UNSUPPORTED' });
    const odd = exchangeForm(alice(), { audience: LEDGER, impersonation: 'yes' });
    expect((await post(service.host, odd, headers)).body).toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
  });
});
