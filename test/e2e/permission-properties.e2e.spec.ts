import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import { EMPTY_POLICY, type PolicyContent } from '#accessors/policy/contract.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID } from '#devkit/entra-issuer/personas.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { meaningsOf } from '../oracle/permission/horizon.js';
import { cel, type Expression } from '../oracle/permission/expression.js';
import { Interpreter } from '../oracle/permission/interpreter.js';
import { basic } from '../support/callers.js';
import { batchOverGrpc, postJson } from '../support/checks.js';
import { describeOnEachDatabase } from '../support/database.js';
import { startService, type TestService } from '../support/service.js';

const AUDIENCE = 'https://wire.example';
const NAMES = ['read', 'write', 'pay', 'export'].flatMap((verb) => [`wire:invoice:${verb}`, `wire:report:${verb}`]);
const ROLES = ['reader', 'writer', 'payer', 'exporter'];
const GROUPS = ['g0', 'g1'];
const ITEMS = 10;
const BATCHES = 100;

const small: Expression = { op: 'compare', path: 'resource.amount', by: '<', to: 100 };
const inside: Expression = { op: 'inNetwork', path: 'context.ip', network: '10.0.0.0/8' };
const calm: Expression = { op: 'compare', path: 'context.risk', by: '<', to: 5 };
const always = { from: null, until: null };

const content: PolicyContent = {
  ...EMPTY_POLICY,
  attributes: [
    { root: 'context', resourceType: null, name: 'ip', type: 'string', source: 'pep' },
    { root: 'context', resourceType: null, name: 'risk', type: 'int', source: 'pep' },
    { root: 'resource', resourceType: 'invoice', name: 'amount', type: 'int', source: 'pep' },
  ],
  roles: [
    { key: 'reader', inherits: [], grants: ['**:read'], exclude: [] },
    { key: 'writer', inherits: ['reader'], grants: ['wire:invoice:*'], exclude: ['wire:invoice:pay'] },
    { key: 'payer', inherits: [], grants: ['wire:*:pay'], exclude: [] },
    { key: 'exporter', inherits: [], grants: ['**:export'], exclude: [] },
  ],
  bindings: [
    {
      ...{ id: 'b1', principal: 'group:g1', role: null, permissions: ['wire:invoice:pay'], unit: 'org.emea', valid: always },
      ...{
        condition: { key: null, expression: cel(small), params: {} },
        resource: { type: 'invoice', ids: null, path: '/emea/**' },
      },
    },
    {
      ...{ id: 'b2', principal: 'role:payer', role: 'exporter', permissions: [], unit: null, resource: null, valid: always },
      condition: { key: null, expression: cel(calm), params: {} },
    },
  ],
  denies: [
    {
      ...{ id: 'd1', principals: ['all'], permissions: ['**:export'], except: ['role:writer'], valid: always },
      condition: { key: null, expression: `!(${cel(inside)})`, params: {} },
    },
  ],
};
const meanings = new Map([...meaningsOf([small, inside, calm]), [`!(${cel(inside)})`, { op: 'not', side: inside } as const]]);

/** As the same content stands in a file. */
const POLICY = {
  tenant: 'acme',
  attributes: {
    context: { ip: { type: 'string', source: 'pep' }, risk: { type: 'int', source: 'pep' } },
    resource: { invoice: { amount: { type: 'int', source: 'pep' } } },
  },
  roles: {
    ...Object.fromEntries(content.roles.map(({ key, ...role }) => [key, role])),
    // Nobody here has it; but an import takes no restriction away from the policy in force.
    clerk: { grants: ['billing:invoice:*'], exclude: ['billing:invoice:approve'] },
  },
  bindings: [
    {
      ...{ id: 'b1', principal: 'group:g1', permissions: ['wire:invoice:pay'], unit: 'org.emea', when: cel(small) },
      resource: { type: 'invoice', path: '/emea/**' },
    },
    { id: 'b2', principal: 'role:payer', role: 'exporter', when: cel(calm) },
  ],
  denies: [{ id: 'd1', principals: ['all'], permissions: ['**:export'], except: ['role:writer'], when: `!(${cel(inside)})` }],
};

/** Every combination of roles, alone or with a group. */
const PEOPLE = Array.from({ length: 48 }, (_, number) => ({
  key: `s${String(number)}`,
  id: randomUUID(),
  roles: ROLES.filter((_role, bit) => (number & (1 << bit)) !== 0),
  groups: number < 16 ? [] : number < 32 ? ['g0'] : ['g0', 'g1'],
}));

const item = fc.record({
  permission: fc.constantFrom(...NAMES, 'wire:no:such'),
  resource: fc.option(
    fc.record({
      type: fc.constantFrom('invoice', 'report'),
      id: fc.constantFrom('i1', 'i2'),
      unit: fc.constantFrom(null, 'org.emea.ch', 'org.apac'),
      path: fc.constantFrom(null, '/emea/ch', '/apac'),
      attributes: fc.record({ amount: fc.constantFrom(5, 500) }, { requiredKeys: [] }),
    }),
  ),
});
const batch = fc.record({
  person: fc.constantFrom(...PEOPLE),
  context: fc.record({ ip: fc.constantFrom('10.1.1.1', '192.0.2.1'), risk: fc.constantFrom(1, 9) }, { requiredKeys: [] }),
  items: fc.array(item, { minLength: ITEMS, maxLength: ITEMS }),
});
type Batch = typeof batch extends fc.Arbitrary<infer Made> ? Made : never;

function factsOf({ key, roles, groups }: Batch['person']): SubjectFacts {
  const own = roles.map((role) => ({ role, group: null }));
  const ofGroup = groups.includes('g0') ? [{ role: 'reader', group: 'g0' }] : [];
  return {
    ...{ tenantId: 't', tenantStatus: 'active', tenantBoundary: null, tenantAttributes: {}, epoch: 1, nesting: [] },
    subject: { id: 'x', key, kind: 'user', status: 'active', attributes: {}, primaryIdentity: { instance: '', externalId: '' } },
    groups: groups.map((group) => ({ key: group, valid: always })),
    assignments: [...own, ...ofGroup].map((each, at) => ({
      ...{ id: String(at), unit: null, condition: null, valid: always, state: 'active' as const },
      ...each,
    })),
    ...{ grants: [], subscriptions: [], flags: [] },
  };
}

function reading({ person, context }: Batch): Interpreter {
  return new Interpreter({
    policy: content,
    application: {
      prefix: 'wire',
      audience: AUDIENCE,
      permissions: NAMES.map((name) => ({ name })),
      allowsEmptyPermissions: false,
    },
    facts: factsOf(person),
    external: { values: new Map(), unavailable: new Set(), validUntil: null },
    claims: { issuer: '', roles: [], groups: [], acr: null, amr: [], authTime: null },
    context,
    boundary: ['**'],
    ceiling: null,
    now: 0,
    unit: null,
    meanings,
  });
}

describeOnEachDatabase('A thousand live checks', (open) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      applications: [{ audience: AUDIENCE, prefix: 'wire', permissions: NAMES.map((name) => ({ name })) }],
      policies: [POLICY],
      clients: [
        {
          ...{ clientId: 'wire', secretSha256: [digest], checks: [AUDIENCE] },
          presents: { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] },
        },
      ],
      groups: GROUPS.map((key) => ({ tenant: 'acme', key })),
      subjects: PEOPLE.map(({ key, id, groups }) => ({
        ...{ tenant: 'acme', key, kind: 'user', groups },
        identities: [{ issuer: 'devkit', directory: DEV_DIRECTORY_ID, id }],
      })),
      assignments: [
        { tenant: 'acme', principal: 'group:g0', role: 'reader' },
        ...PEOPLE.flatMap(({ key, roles }) => roles.map((role) => ({ tenant: 'acme', principal: `subject:${key}`, role }))),
      ],
    });
  }, 300_000);
  afterAll(() => service.stop());

  const authorization = (): string => basic('wire', service.secret);

  async function overRest({ person, context, items }: Batch): Promise<readonly unknown[]> {
    const body = { subject: { key: person.key }, tenant: 'acme', context, items: items.map((each) => withoutNothing(each)) };
    const answer = await postJson(service.host, '/v1/check', authorization(), body);
    const results = answer.body['results'] as readonly { readonly allowed: boolean; readonly code: string }[] | undefined;
    return results?.map(({ allowed, code }) => [allowed, code]) ?? [answer];
  }

  async function overGrpc({ person, context, items }: Batch): Promise<readonly unknown[]> {
    const { response, failure } = await batchOverGrpc(service.host, authorization(), {
      subject: { by: { $case: 'key', value: person.key } },
      items: items.map(({ permission, resource }) => ({
        permission,
        resource: resource === null ? undefined : { ...resource, unit: resource.unit ?? '', path: resource.path ?? '' },
      })),
      explain: false,
      circumstances: { tenant: 'acme', context },
    });
    return response?.decisions.map(({ allowed, code }) => [allowed, code]) ?? [failure];
  }

  it.each([
    ['REST', overRest, 1],
    ['gRPC', overGrpc, 2],
  ])(
    'over %s are answered as by the second reading',
    async (_protocol, ask, seed) => {
      const kinds = new Set<string>();
      for (const each of fc.sample(batch, { numRuns: BATCHES / 2, seed })) {
        const interpreter = reading(each);
        const answers = await ask(each);
        const fitting = each.items.map(({ permission, resource }, at) => {
          const { state, code: wanted } = interpreter.judge(permission, resource);
          const [allowed, code] = answers[at] as [boolean, string];
          kinds.add(code);
          const isRight = allowed === (state === 'granted') && code === wanted;
          return isRight
            ? 'right'
            : { permission, resource, context: each.context, person: each.person, answer: answers[at], state, wanted };
        });
        expect(fitting).toEqual(each.items.map(() => 'right'));
      }
      expect([...kinds].toSorted()).toEqual([
        'condition_false',
        'conditional',
        'deny_rule',
        'granted',
        'no_grant',
        'permission_unknown',
      ]);
    },
    300_000,
  );
});

function withoutNothing(value: object): object {
  return JSON.parse(JSON.stringify(value, (_key, member: unknown) => member ?? undefined)) as object;
}
