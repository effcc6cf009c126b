import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RevocableToken } from '#accessors/grants/revocation.contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import { ActorTokens } from './actor-tokens.js';

const CONTEXT = { diagnosticId: '4c2c1f0a-0000-4000-8000-000000000001', transport: 'rest' } as const;
const CLIENT = { clientId: 'batch' } as RegisteredClient;
const PAIRED = [
  { actor: 't2', subject: 'acme' },
  { actor: 't3', subject: 'globex' },
];
const identity = { instance: 'oidc:https://idp', externalId: 'robot' };

describe('An actor of several tenants', () => {
  let disabled: ReadonlySet<string>;
  let suspended: ReadonlySet<string>;
  let cutOff: ReadonlySet<string>;
  let asked: string[];
  beforeEach(() => {
    disabled = suspended = cutOff = new Set();
    asked = [];
  });

  const parts = {
    tokenValidationEngine: {
      validate: async () => ({
        outcome: 'accepted',
        principal: {
          ...{
            kind: 'workload',
            identity,
            issuer: 'idp',
            case: 'own',
            actors: [],
            confirmation: null,
            issuedAt: 10,
            expiresAt: 99,
          },
          tenants: ['t1', 't2', 't3'].map((slug) => ({ slug, tenantId: `id-${slug}` })),
        },
      }),
    },
    factAccess: {
      factsOf: async (_context: unknown, { tenantId }: { readonly tenantId: string }) => {
        const slug = tenantId.slice('id-'.length);
        asked.push(slug);
        const status = disabled.has(slug) ? 'disabled' : 'active';
        return {
          tenantStatus: suspended.has(slug) ? 'suspended' : 'active',
          subject: { status, primaryIdentity: { ...identity, externalId: `robot-of-${slug}` } },
        };
      },
    },
    signingEngine: {
      subjectOf: (_context: unknown, _kind: unknown, { externalId }: { readonly externalId: string }) => `w_${externalId}`,
    },
    revocationAccess: {
      revokes: (_context: unknown, { tenant, subject }: RevocableToken) =>
        cutOff.has(tenant) ? { by: 'subject', subject } : undefined,
    },
  } as unknown as ConstructorParameters<typeof ActorTokens>[0];

  const accepted = async (slug = 'acme'): Promise<string> => {
    const handing = { client: CLIENT, shown: [], token: 'x', slug, tenantPairs: PAIRED };
    return new ActorTokens(parts).accept(CONTEXT, handing).then(
      ({ subject }) => subject,
      (error: unknown) => (error as { details: { internal: string } }).details.internal,
    );
  };

  it('is judged in the tenant that is paired with that of the subject, and in no other', async () => {
    expect(await accepted()).toBe('w_robot-of-t2');
    expect(asked).toEqual(['t2']);
    disabled = suspended = cutOff = new Set(['t1', 't3']);
    expect(await accepted()).toBe('w_robot-of-t2');
    [disabled, suspended, cutOff] = [new Set(['t2']), new Set(), new Set()];
    expect(await accepted()).toBe('it is disabled');
    [disabled, suspended] = [new Set(), new Set(['t2'])];
    expect(await accepted()).toBe('its tenant is suspended');
    [suspended, cutOff] = [new Set(), new Set(['t2'])];
    expect(await accepted()).toBe('its subject was revoked');
  });

  it('is judged in that of the subject where it belongs to it', async () => {
    disabled = new Set(['t2', 't3']);
    expect(await accepted('t1')).toBe('w_robot-of-t1');
    disabled = new Set(['t1']);
    expect(await accepted('t1')).toBe('it is disabled');
  });

  it('is known by its own name where it may not act at all', async () => {
    expect(await accepted('elsewhere')).toBe('w_robot');
    expect(asked).toEqual([]);
  });
});
