import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { DefaultPolicyLanguage } from '#engines/permission/language/default.policy-language.js';
import type { PolicyFile, PolicyTestFile } from '#engines/permission/policy-language.contract.js';
import { faultsOf, policyLanguage } from '../../managers/administration/fixtures/import-world.fixture.js';
import { importPlan } from '../../managers/administration/import-plan.js';
import { readImport } from '../../managers/administration/import-reading.js';
import { readPolicies } from '../../managers/administration/import-policies.js';

const conditionEvaluator = new CelConditionEvaluator();
const permissionEngine = new DefaultPermissionEngine({ conditionEvaluator });
const language = new DefaultPolicyLanguage({ permissionEngine, conditionEvaluator });

const load = (name: string, file: string): unknown => parse(readFileSync(join(import.meta.dirname, name, file), 'utf8'));

function policyOf(name: string): PolicyFile {
  const reading = language.read(load(name, 'policy.yaml'));
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults, null, 2));
  return reading.file;
}

function testsOf(name: string): PolicyTestFile {
  const reading = language.readTests(load(name, 'tests.yaml'));
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults, null, 2));
  return reading.file;
}

/** What an import of the catalogue file registers. */
function applicationsOf(name: string): readonly Application[] {
  const read = readImport(load(name, 'applications.yaml'));
  expect(read.faults).toEqual([]);
  return importPlan(read.sections, readPolicies(read, policyLanguage).policies).applications.map((application) => ({
    ...application,
    id: application.audience,
    permissions: application.permissions.map((permission, bit) => ({ ...permission, bit })),
  }));
}

function publishedSchema(name: string): Parameters<typeof z.fromJSONSchema>[0] {
  const path = join(import.meta.dirname, `../../docs/${name}.schema.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0];
}

const versionOf = ({ set, content }: PolicyFile): PolicyVersion => ({ ...content, tenantId: 't1', set, sequence: 1 });

describe.each(['billing', 'saas'])('The example policy %s', (name) => {
  const issuers: Readonly<Record<string, readonly string[]>> = { billing: ['acme-login'], saas: ['workforce', 'customers'] };

  it('has no fault', () => {
    const surroundings = { applications: applicationsOf(name), issuers: issuers[name] ?? [], factSources: ['hr'] };
    expect(language.lint(policyOf(name).content, surroundings).faults).toEqual([]);
  });

  it('has a catalogue that can be imported', async () => {
    expect(await faultsOf(load(name, 'applications.yaml'))).toEqual([]);
  });

  it('does what its tests say', () => {
    const tests = testsOf(name);
    const { results } = language.runTests(versionOf(policyOf(name)), [tests], applicationsOf(name));
    const open = new Set(tests.invariants.map((invariant) => invariant.name));
    const failed = results.filter((result) => !result.passed && !open.has(result.name));
    expect(failed).toEqual([]);
    expect(results).toHaveLength(tests.tests.length);
  });

  it('has every rule covered by its tests', () => {
    const { coverage } = language.runTests(versionOf(policyOf(name)), [testsOf(name)], applicationsOf(name));
    expect(coverage.filter(({ hits }) => hits === 0)).toEqual([]);
  });

  it.each([
    ['policy.yaml', 'policy'],
    ['tests.yaml', 'policy-test'],
    ['applications.yaml', 'import'],
  ])('has in %s what the published schema allows', (file, schema) => {
    const published = z.fromJSONSchema(publishedSchema(schema));
    expect(published.safeParse(load(name, file)).error?.issues ?? []).toEqual([]);
    expect(published.safeParse({ ...(load(name, file) as object), surprise: 1 }).success).toBe(false);
  });

  it('stays what it is when it is written and read again', () => {
    const file = policyOf(name);
    const again = language.read(parse(JSON.stringify(language.write(file))));
    expect(again).toEqual({ ok: true, file });
  });
});

describe('The documentation', () => {
  const blocks = (page: string): readonly string[] => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/guides', page), 'utf8');
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block ?? []);
  };

  it.each([
    ['policy-files.md', 'policy.yaml'],
    ['policy-tests.md', 'tests.yaml'],
  ])('shows in %s the very file of the example', (page, file) => {
    expect(blocks(page)).toContain(readFileSync(join(import.meta.dirname, 'billing', file), 'utf8'));
  });

  it('shows attributes that can be declared so', () => {
    const attributes = blocks('policy-files.md').find((block) => block.startsWith('attributes:')) ?? '';
    const document: unknown = parse(attributes);
    expect(document).toMatchObject({ attributes: { subject: {} } });
    const frame = { apiVersion: 'countersign/v1', kind: 'PolicySet', metadata: { tenant: 'acme' }, roles: {} };
    const reading = language.read({ ...frame, ...(document as object) });
    if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
    expect(language.lint(reading.file.content, { applications: [], issuers: [], factSources: ['hr'] }).faults).toEqual([]);
  });
});
