import type { CallingClient, CheckAnswer, CheckRequest } from '#managers/authorization/contract.js';
import { AUDIENCE, type House } from './authorization.house.js';

export const context = { diagnosticId: '4c2c1f0a-0000-4000-8000-000000000001', transport: 'rest' } as const;
export const READ = 'billing:invoice:read';
/** A registered subject, by the administrator's key. */
export const ANA = { by: 'key', tenant: 'acme', key: 'ana' } as const;

export function request(changes: Partial<CheckRequest>): CheckRequest {
  return {
    subject: ANA,
    audience: undefined,
    tenant: undefined,
    unit: null,
    context: {},
    atLeastAsFresh: undefined,
    items: [{ permission: READ, resource: null }],
    explain: false,
    ...changes,
  };
}

export function authenticated(house: House): Promise<CallingClient> {
  return house.manager.authenticate(context, { method: 'client_secret_post', clientId: 'web', clientSecret: 'right' });
}

export async function check(house: House, changes: Partial<CheckRequest>): Promise<CheckAnswer> {
  return house.manager.check(context, await authenticated(house), request(changes));
}

export async function refusal(house: House, changes: Partial<CheckRequest>): Promise<string> {
  try {
    return codesOf(await check(house, changes)).join();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

export function codesOf({ results }: CheckAnswer): readonly string[] {
  return results.map(({ code }) => code);
}

/** A token of ours for alice, and a question by it. */
export async function issued(house: House, { scope }: { readonly scope?: string } = {}) {
  const result = await house.manager.exchange(context, await authenticated(house), {
    subjectToken: house.token(),
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    actorToken: undefined,
    actorTokenType: undefined,
    requestedTokenType: undefined,
    audience: [AUDIENCE],
    resource: [],
    scope,
    tenant: undefined,
    impersonation: false,
  });
  const asking = request({ subject: { by: 'token', token: result.accessToken } });
  return { token: result.accessToken, asking, conditional: result.conditional.map(({ permission }) => permission) };
}

/** What runs beside an answer has nothing to wait for but promises. */
