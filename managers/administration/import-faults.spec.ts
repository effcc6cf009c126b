import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { faultsOf } from './fixtures/import-world.fixture.js';
import { BILLING, DIRECTORY, OBJECT, sampleImport } from './fixtures/sample-import.fixture.js';

const changed = (change: (document: ReturnType<typeof sampleImport>) => object): Promise<readonly string[]> =>
  faultsOf({ ...sampleImport(), ...change(sampleImport()) });

describe('AdministrationManager: the documented example', () => {
  it('has no fault', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/guides/import-file.md'), 'utf8');
    const [, example = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? [];
    expect(example).toContain('apiVersion');
    const document: unknown = parse(example.replace(/<digest[^>]*>/, 'a'.repeat(64)));
    expect(await faultsOf(document)).toEqual([]);
  });
});

describe('AdministrationManager: a faulty document', () => {
  it('is refused with all faults at once, of form and of reference, and nothing is changed', async () => {
    const document = sampleImport();
    const faults = await faultsOf({
      ...document,
      surprise: true,
      tenants: [{ slug: 'Acme' }],
      applications: [{ ...document.applications[0], prefix: 'bill' }],
      policies: [{ ...document.policies[0], mappings: [{ issuer: 'nobody', claim: 'roles', equals: 'x', role: 'ghost' }] }],
      clients: [{ ...document.clients[0], secretSha256: ['hunter2'], secret: 'hunter2' }],
      assignments: [
        { tenant: 'acme', principal: 'robot:alice', role: 'clerk' },
        { tenant: 'acme', principal: 'group:fin', role: 'boss' },
      ],
    });
    expect(faults).toEqual([
      'surprise: unknown member',
      'tenants[0].slug: expected lower-case letters, digits, _ and -, at most 63 characters',
      'clients[0].secretSha256[0]: expected the SHA-256 of the secret, 64 lower-case hexadecimal digits',
      'clients[0].secret: unknown member',
      'assignments[0].principal: expected subject:KEY or group:KEY',
      'applications[0].permissions[0].name: expected bill: in front',
      'applications[0].permissions[1].name: expected bill: in front',
      'policies[0].mappings[0].role: there is no role ghost in this policy',
      'policies[0].mappings[0].issuer: there is no trusted issuer nobody; include it, also if it is registered already',
      'assignments[1].role: there is no role boss in the policy of tenant acme',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('one fault does not make others appear', async () => {
    expect(await changed(({ issuers: [entra, oidc] }) => ({ issuers: [{ ...entra, audiences: [] }, oidc] }))).toHaveLength(1);
    expect(await changed(({ applications: [billing] }) => ({ applications: [{ ...billing, prefix: 'BILLING' }] }))).toHaveLength(
      1,
    );
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [[]],
    [42],
    [{}],
    [{ apiVersion: 'countersign/v2' }],
    [{ apiVersion: 'countersign/v1', tenants: {} }],
  ])('refuses %j', async (document) => {
    expect(await faultsOf(document)).not.toEqual([]);
  });

  it('knows no members that JavaScript gives every object', async () => {
    const parsed: unknown = JSON.parse(
      '{"apiVersion":"countersign/v1","__proto__":{"tenants":[]},"tenants":[{"slug":"a","__proto__":{}}]}',
    );
    expect(await faultsOf(parsed)).toEqual(['__proto__: unknown member', 'tenants[0].__proto__: unknown member']);
    const roles: unknown = JSON.parse('{"__proto__":{"grants":["**"]}}');
    expect(
      await changed(({ policies: [policy] }) => ({ policies: [{ ...policy, roles, mappings: [] }], assignments: [] })),
    ).toEqual(['policies[0].roles.__proto__: this name cannot be used']);
  });

  it('names what is there twice', async () => {
    const twice = await changed(({ tenants, applications, clients, groups, subjects, assignments, policies, issuers }) => ({
      tenants: [...tenants, { slug: 'acme' }],
      applications: [...applications, ...applications],
      clients: [...clients, ...clients],
      groups: [...groups, ...groups],
      subjects: [...subjects, { ...subjects[0], identities: [{ issuer: 'keycloak', id: 'other' }] }],
      assignments: [...assignments, { tenant: 'acme', principal: 'subject:alice', role: 'clerk', state: 'revoked' }],
      policies: [...policies, { ...policies[0], name: 'second' }],
      issuers: [...issuers, { ...issuers[1], issuer: 'https://other.example' }],
    }));
    expect(twice.map((fault) => fault.slice(0, fault.indexOf(':')))).toEqual([
      'tenants[2]',
      'applications[1]',
      'issuers[2]',
      'policies[1]',
      'clients[1]',
      'groups[1]',
      'subjects[1]',
      'assignments[2]',
    ]);
  });

  it('refuses permissions and targets that an item lists twice', async () => {
    const faults = await changed(({ applications: [billing], clients: [client] }) => ({
      applications: [
        {
          ...billing,
          permissions: [{ name: 'billing:invoice:read' }, { name: 'billing:invoice:delete' }, { name: 'billing:invoice:read' }],
        },
      ],
      clients: [{ ...client, targets: [...(client?.targets ?? []), ...(client?.targets ?? [])] }],
    }));
    expect(faults).toEqual([
      'applications[0].permissions[2]: billing:invoice:read is there already',
      `clients[0].targets[1]: ${BILLING} is there already`,
    ]);
  });
});

describe('AdministrationManager: the policies of a document', () => {
  const withPolicy = (sections: object): Promise<readonly string[]> =>
    changed(({ policies: [policy] }) => ({ policies: [{ ...policy, ...sections }] }));
  const deny = { id: 'd', principals: ['all'], permissions: ['**:delete'] };

  it('may have every section of a policy file', async () => {
    const sections = { tiers: [{ key: 'pro' }], gates: [{ id: 'g', permissions: ['**'], tier: 'pro' }], denies: [deny] };
    expect(await withPolicy(sections)).toEqual([]);
  });

  it('are checked like one', async () => {
    expect(await withPolicy({ gates: [{ id: 'g', permissions: ['**'], tier: 'pro' }] })).toEqual([
      'policies[0].gates[0].tier: there is no tier pro in this policy',
    ]);
    expect(await withPolicy({ denies: [{ ...deny, when: 'nonsense()' }] })).toEqual([
      'policies[0].denies[0].when: not a condition',
    ]);
    expect(await withPolicy({ denise: [deny] })).toEqual(['policies[0].denise: unknown member; did you mean denies?']);
    expect(await withPolicy({ constraints: [] })).toEqual([
      'policies[0].constraints: unknown member; separation of duties is not built: nothing would enforce it',
    ]);
  });

  it('have their tenant and name beside the sections, and no head of their own', async () => {
    const metadata = { tenant: 'beta', name: 'other' };
    expect(await withPolicy({ apiVersion: 'countersign/v1', kind: 'PolicySet', metadata })).toEqual([
      'policies[0].apiVersion: unknown member',
      'policies[0].kind: unknown member',
      'policies[0].metadata: unknown member',
    ]);
    expect(await withPolicy({ roles: undefined })).toEqual([expect.stringMatching(/^policies\[0\]\.roles: /)]);
  });

  it('may grant what is registered and not in the file, and nothing else', async () => {
    const roles = (pattern: string): object => ({ roles: { clerk: { grants: [pattern] } } });
    expect(
      await changed(({ policies: [policy] }) => ({ assignments: [], policies: [{ ...policy, ...roles('stored:x:*') }] })),
    ).toEqual([]);
    expect(
      await changed(({ policies: [policy] }) => ({ assignments: [], policies: [{ ...policy, ...roles('stored:y:*') }] })),
    ).toEqual(['policies[0].roles.clerk.grants[0]: stored:y:* matches no permission of the registered applications']);
  });
});

describe('AdministrationManager: what a document must not make true', () => {
  it('one upstream identity is one subject of a tenant, however it is spelt', async () => {
    const bob = {
      tenant: 'acme',
      key: 'bob',
      kind: 'user',
      identities: [{ issuer: 'contoso', directory: DIRECTORY.toUpperCase(), id: OBJECT.toLowerCase() }],
    };
    const faults = await changed(({ subjects }) => ({ subjects: [...subjects, bob] }));
    expect(faults).toEqual([
      expect.stringMatching(/^subjects\[1\]: in tenant acme, identity .* is there already, at subjects\[0\]$/),
    ]);
  });

  it('one iss belongs to one issuer, across clouds that share it too', async () => {
    const second = (more: object) =>
      changed(({ issuers }) => ({ issuers: [...issuers, { ...issuers[0], name: 'second', ...more }] }));
    expect(await second({ cloud: 'usgov' })).toEqual([
      `issuers[2]: https://sts.windows.net/${DIRECTORY}/ is there already, at issuers[0]`,
    ]);
    expect(await second({ cloud: 'china' })).toEqual([]);
    const keycloak = { name: 'third', provider: 'oidc', issuer: 'https://kc.example/realms/r', tenant: 'acme', audiences: ['x'] };
    expect(await changed(({ issuers }) => ({ issuers: [...issuers, keycloak] }))).toHaveLength(1);
  });

  it('one name of a cloud stands for one set of hosts', async () => {
    const cloud = { name: 'dev', loginBase: 'https://a.example', v1IssuerBase: 'https://a.example/v1' };
    const [first] = sampleImport().issuers;
    const issuers = (other: object) => [
      { ...first, cloud },
      { ...first, name: 'b', cloud: { ...cloud, ...other }, directories: [{ id: OBJECT, tenant: 'acme' }] },
    ];
    const apiVersion = 'countersign/v1';
    expect(await faultsOf({ apiVersion, issuers: issuers({}) })).toEqual([]);
    expect(await faultsOf({ apiVersion, issuers: issuers({ loginBase: 'https://b.example' }) })).toHaveLength(1);
    expect(await faultsOf({ apiVersion, issuers: issuers({ name: 'public' }) })).toEqual([
      'issuers[1].cloud.name: this name belongs to a known cloud',
    ]);
  });

  it('Entra of any directory needs a condition with every tenant, and no list of directories', async () => {
    const entra = { name: 'any', provider: 'entra-id', audiences: ['x'], anyDirectory: true };
    const when = { claim: 'tid', equals: DIRECTORY };
    const trust = (more: object) => faultsOf({ apiVersion: 'countersign/v1', issuers: [{ ...entra, ...more }] });
    expect(await trust({ tenants: [{ tenant: 'acme', when }] })).toEqual([]);
    expect(await trust({})).toHaveLength(1);
    expect(await trust({ tenants: [{ tenant: 'acme', when }, { tenant: 'beta' }] })).toHaveLength(1);
    expect(await trust({ directories: [{ id: DIRECTORY, tenant: 'acme' }], tenants: [{ tenant: 'acme', when }] })).toHaveLength(
      1,
    );
    expect(await trust({ anyDirectory: false })).toEqual(['issuers[0].directories: expected at least one']);
  });

  it('an issuer that many organisations share needs a condition with every tenant', async () => {
    const github = { name: 'github', provider: 'oidc', issuer: 'https://token.actions.githubusercontent.com', audiences: ['x'] };
    const when = { claim: 'repository_owner_id', equals: '1' };
    const trust = (more: object) => faultsOf({ apiVersion: 'countersign/v1', issuers: [{ ...github, ...more }] });
    expect(await trust({ tenant: 'acme' })).toHaveLength(1);
    expect(await trust({ tenants: [{ tenant: 'acme', when }, { tenant: 'beta' }] })).toHaveLength(1);
    expect(await trust({ tenants: [{ tenant: 'acme', when }] })).toEqual([]);
    expect(await trust({})).toEqual(['issuers[0]: expected either tenant or tenants']);
    expect(await trust({ tenant: 'acme', tenants: [{ tenant: 'acme', when }] })).toHaveLength(1);
  });

  it.each([
    ['two ways to choose a tenant', { tenants: [{ tenant: 'acme' }] }],
    ['no audience', { audiences: [] }],
    ['no algorithm', { algorithms: [] }],
    ['the algorithm none', { algorithms: ['none'] }],
    ['a symmetric algorithm', { algorithms: ['RS256', 'HS256'] }],
    ['a skew of more than five minutes', { skewSeconds: 301 }],
    ['plain HTTP', { issuer: 'http://kc.example/realms/r' }],
    ['a query', { issuer: 'https://kc.example/realms/r?x' }],
    ['a user name', { issuer: 'https://kc@kc.example/realms/r' }],
    ['another provider', { provider: 'saml' }],
    ['members of the other provider', { directories: [] }],
  ])('does not trust an issuer with %s', async (_, more) => {
    const [, keycloak] = sampleImport().issuers;
    expect(await changed(({ issuers: [entra] }) => ({ issuers: [entra, { ...keycloak, ...more }] }))).not.toEqual([]);
  });

  it.each([
    ['no directory', { directory: undefined }, 'directory'],
    ['a directory that is not its issuer’s', { directory: '0a1b2c3d-0000-4000-8000-0000000000ff' }, 'directory'],
    ['an id that is no object id', { id: 'alice@acme.test' }, 'id'],
  ])('an Entra identity with %s', async (_, more, member) => {
    const faults = await changed(({ subjects: [alice] }) => ({
      subjects: [{ ...alice, identities: [{ issuer: 'contoso', directory: DIRECTORY, id: OBJECT, ...more }] }],
    }));
    expect(faults).toEqual([expect.stringContaining(`subjects[0].identities[0].${member}: `)]);
  });

  it('an identity at an issuer that has no directories, or that the file does not hold', async () => {
    const faults = await changed(({ subjects: [alice] }) => ({
      subjects: [
        { ...alice, identities: [{ issuer: 'keycloak', directory: DIRECTORY, id: 'x' }] },
        { ...alice, key: 'bob', identities: [{ issuer: 'other', id: 'y' }] },
      ],
    }));
    expect(faults).toEqual([
      'subjects[0].identities[0].directory: issuer keycloak has no directories; leave it out',
      'subjects[1].identities[0].issuer: there is no issuer other in this file; include it, also if it is registered already',
    ]);
  });

  it('a client that reaches for what is not there', async () => {
    const faults = await changed(({ clients: [client] }) => ({
      clients: [
        {
          ...client,
          presents: { listed: [{ issuer: 'other', id: 'x' }] },
          targets: [
            { audience: BILLING, scopes: ['billing:order:*', 'billing:**:read'], delegationCeiling: ['**:approve'] },
            { audience: 'https://nowhere.test', scopes: ['a:b'] },
          ],
        },
      ],
    }));
    expect(faults).toEqual([
      'clients[0].presents.listed[0].issuer: there is no issuer other in this file; include it, also if it is registered already',
      'clients[0].targets[0].scopes[0]: billing:order:* matches no permission of the registered applications',
      'clients[0].targets[0].scopes[1]: not a permission name or pattern: ** may only be the first or last segment',
      'clients[0].targets[0].delegationCeiling[0]: **:approve matches no permission of the registered applications',
      'clients[0].targets[1].audience: no application has this audience, here or registered',
    ]);
  });

  it('a client that asks for decisions of an application that is not there', async () => {
    const checks = [BILLING, 'https://stored.test', 'https://nowhere.test'];
    expect(await changed(({ clients: [client] }) => ({ clients: [{ ...client, checks, explains: true }] }))).toEqual([
      'clients[0].checks[2]: no application has this audience, here or registered',
    ]);
  });

  it('a client with three secrets, or a token that lives for hours without saying so twice', async () => {
    expect(
      await changed(({ clients: [client] }) => ({
        clients: [{ ...client, secretSha256: Array.from('abc', (digit) => digit.repeat(64)) }],
      })),
    ).toHaveLength(1);
    const lifetime = (more: object) => changed(({ applications: [billing] }) => ({ applications: [{ ...billing, ...more }] }));
    expect(await lifetime({ tokenLifetimeSeconds: 3600 })).toHaveLength(1);
    expect(await lifetime({ tokenLifetimeSeconds: 299 })).toHaveLength(1);
    expect(await lifetime({ tokenLifetimeSeconds: 3600, unusualLifetime: true })).toEqual([]);
    expect(await lifetime({ tokenLifetimeSeconds: 900 })).toEqual([]);
  });

  it('a role that the policy no longer has can still be taken from somebody, but not given', async () => {
    const assignment = { tenant: 'acme', principal: 'subject:alice', role: 'gone' };
    expect(await changed(() => ({ assignments: [{ ...assignment, state: 'revoked' }] }))).toEqual([]);
    expect(await changed(() => ({ assignments: [assignment] }))).toHaveLength(1);
  });

  it('lists a thousand faults and says how many more there are', async () => {
    const faults = await faultsOf({
      apiVersion: 'countersign/v1',
      groups: Array.from({ length: 1500 }, () => ({ tenant: 'acme', key: '' })),
    });
    expect(faults).toHaveLength(1001);
    expect(faults.at(-1)).toBe('and 500 more faults');
  });
});
