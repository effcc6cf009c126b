import { describe, expect, it } from '@jest/globals';
import { CONTEXT, faultsOf, world } from './fixtures/import-world.fixture.js';
import { sampleImport } from './fixtures/sample-import.fixture.js';

describe('AdministrationManager: importing', () => {
  it('brings everything about in one unit of work, then announces it, then records it', async () => {
    const { manager, calls } = world();
    await manager.importDocument(CONTEXT, sampleImport());
    expect(calls).toEqual([
      'begin',
      'tenant acme',
      'tenant beta',
      'application billing',
      'issuer contoso',
      'issuer keycloak',
      'policy main',
      'client orders-api',
      'group fin',
      'subject alice',
      'assignment clerk',
      'assignment lead',
      'audit',
      'commit',
      'announce',
    ]);
  });

  it('counts what became of each kind of object', async () => {
    const none = { created: 0, updated: 0, unchanged: 0 };
    const { counts } = await world('updated').manager.importDocument(CONTEXT, sampleImport());
    expect(counts).toMatchObject({
      tenants: { ...none, updated: 2 },
      policies: { ...none, updated: 1 },
      assignments: { updated: 2 },
    });
    const again = await world('unchanged').manager.importDocument(CONTEXT, {
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
    });
    expect(again.counts).toMatchObject({ tenants: { ...none, unchanged: 1 }, clients: none });
  });

  it('records which document it was and what it did, without anything secret', async () => {
    const first = world();
    await first.manager.importDocument(CONTEXT, sampleImport());
    expect(first.records).toEqual([
      { outcome: 'changed', what: 'import', detail: expect.stringMatching(/^sha256 [0-9a-f]{64}; tenants 2 created/) },
    ]);
    expect(JSON.stringify(first.records)).not.toContain('a'.repeat(64));
    const same = world();
    await same.manager.importDocument(CONTEXT, sampleImport());
    expect(same.records).toEqual(first.records);
    const other = world();
    await other.manager.importDocument(CONTEXT, { ...sampleImport(), groups: [], subjects: [], assignments: [] });
    expect(other.records[0]?.detail.slice(0, 71)).not.toBe(first.records[0]?.detail.slice(0, 71));
  });

  it('neither announces nor records what did not commit', async () => {
    const { manager, calls } = world('created', 'subject alice');
    await expect(manager.importDocument(CONTEXT, sampleImport())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(calls.at(-1)).toBe('subject alice');
  });

  it('records what committed also when it cannot be announced', async () => {
    const { manager, records } = world('created', 'announce');
    await expect(manager.importDocument(CONTEXT, sampleImport())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(records).toHaveLength(1);
  });

  it('accepts a client of an application that is registered already, and checks its patterns', async () => {
    const target = { audience: 'https://stored.test', scopes: ['stored:**'] };
    const clients = [{ clientId: 'c', targets: [target] }];
    expect(await faultsOf({ apiVersion: 'countersign/v1', clients })).toEqual([]);
    expect(
      await faultsOf({
        apiVersion: 'countersign/v1',
        clients: [{ clientId: 'c', targets: [{ ...target, scopes: ['stored:y:*'] }] }],
      }),
    ).toEqual(['clients[0].targets[0].scopes[0]: stored:y:* matches no permission of the registered applications']);
  });
});
