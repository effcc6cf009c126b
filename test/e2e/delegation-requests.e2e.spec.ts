import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DEV_API_CLIENT_ID, DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { Prng } from '../fuzz/mutator/prng.js';
import { most, within } from '../oracle/delegation/subset.js';
import { describeOnPostgres } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { type Exchange, exchangesOver } from './delegation.services.js';

/** Over each transport; `DELEGATION_REQUESTS=1000` for a long run. */
const REQUESTS = Number(process.env['DELEGATION_REQUESTS'] ?? 100);
const SEED = Number(process.env['DELEGATION_SEED'] ?? 20_262);

const PERMISSIONS = ['invoice:read', 'invoice:create', 'invoice:approve', 'report:read'].map((name) => `billing:${name}`);
const PATTERNS = [...PERMISSIONS, 'billing:invoice:*', 'billing:*:read', 'billing:**', '**'];
/** What the sample policy gives them. */
const HELD = {
  alice: PERMISSIONS.filter((name) => !name.endsWith('approve')),
  bob: PERMISSIONS.filter((name) => name.endsWith('read')),
};
const KINDS = ['own', 'on behalf of', 'impersonation'] as const;

interface Client {
  readonly clientId: string;
  readonly kind: (typeof KINDS)[number];
  readonly scopes: readonly string[];
  readonly delegationCeiling: readonly string[];
  readonly impersonation: readonly string[];
}

const random = new Prng(SEED, 0);
const some = (from: Prng): readonly string[] => PATTERNS.filter(() => from.chance(0.35));
const CLIENTS: readonly Client[] = Array.from({ length: 36 }, (_, at) => ({
  clientId: `client-${String(at)}`,
  kind: KINDS[at % KINDS.length] ?? 'own',
  scopes: some(random),
  delegationCeiling: some(random),
  impersonation: some(random),
}));

function registrations({ identityProvider, secret }: TestService): object {
  const digest = createHash('sha256').update(secret).digest('hex');
  const { issuers, applications } = sampleDocument(identityProvider.cloud, digest);
  const at = (id: string) => [{ issuer: 'devkit', id }];
  return {
    apiVersion: 'countersign/v1',
    issuers,
    applications,
    clients: CLIENTS.map(({ clientId, kind, scopes, delegationCeiling, impersonation }) => ({
      clientId,
      secretSha256: [digest],
      presents: kind === 'own' ? { own: at(DEV_SPA_CLIENT_ID) } : { audiences: at(DEV_API_CLIENT_ID) },
      targets: [{ audience: SAMPLE_AUDIENCE, scopes, delegationCeiling, impersonation }],
    })),
  };
}

describeOnPostgres('CVE-2026-9704: what comes of random requests', (open) => {
  let service: TestService;
  let over: Readonly<Record<'REST' | 'gRPC', Exchange>>;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    await service.apply(registrations(service) as Readonly<Record<string, unknown>>);
    over = exchangesOver(service);
  }, 120_000);
  afterAll(() => service.stop());

  it.each(['REST', 'gRPC'] as const)(
    `is subject ∩ ceiling ∩ client ∩ requested over %s (${String(REQUESTS)} requests)`,
    async (transport) => {
      const subjects = {
        alice: service.identityProvider.issue({ persona: 'alice', version: 2, lifetimeSeconds: 7_000 }),
        bob: service.identityProvider.issue({ persona: 'bob', version: 2, lifetimeSeconds: 7_000 }),
      };
      const count = { issued: 0, refused: 0 };
      for (let index = 0; index < REQUESTS; index += 1) {
        const each = new Prng(SEED, index + 1);
        const client = each.pick(CLIENTS);
        const persona = each.pick(['alice', 'bob'] as const);
        const scope = each.chance(0.5) ? null : [each.pick(PATTERNS.slice(0, -1)), each.pick(PATTERNS.slice(0, -1))];
        const ceilings = { own: [], 'on behalf of': [client.delegationCeiling], impersonation: [client.impersonation] };
        const due = most(HELD[persona], [client.scopes, scope, ...ceilings[client.kind]]);
        const answer = await over[transport](client.clientId, subjects[persona], {
          audience: SAMPLE_AUDIENCE,
          impersonation: client.kind === 'impersonation',
          ...(scope === null ? {} : { scope: scope.join(' ') }),
        });
        const where = `${String(index)} ${JSON.stringify({ client, persona, scope })}`;
        if ('code' in answer) {
          count.refused += 1;
          const isBeyond = scope?.some((value) =>
            PERMISSIONS.some((name) => within([value], name) && !within(client.scopes, name)),
          );
          const mayNot = client.kind === 'impersonation' && client.impersonation.length === 0;
          expect([where, isBeyond === true || mayNot ? [] : due, answer.code]).toEqual([where, [], answer.code]);
          expect(['PERMISSION_NONE', 'SCOPE_NOT_HELD', 'SCOPE_NOT_ALLOWED', 'IMPERSONATION_NOT_ALLOWED']).toContain(answer.code);
          continue;
        }
        count.issued += 1;
        const came = answer.claims['permissions'] as readonly string[];
        expect([where, came.toSorted()]).toEqual([where, due.toSorted()]);
        expect(answer.claims['impersonated']).toBe(client.kind === 'impersonation' ? true : undefined);
        expect(answer.claims['act'] !== undefined).toBe(client.kind === 'on behalf of');
      }
      expect(Math.min(count.issued, count.refused)).toBeGreaterThan(REQUESTS / 10);
    },
    Math.max(60_000, REQUESTS * 500),
  );
});
