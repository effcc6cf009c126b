import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { DefaultPolicyLanguage } from '#engines/permission/language/default.policy-language.js';
import type { PolicyFile, PolicyTestFile } from '#engines/permission/policy-language.contract.js';
import { policyLanguage } from '../../managers/administration/fixtures/import-world.fixture.js';
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

const versionOf = ({ set, content }: PolicyFile): PolicyVersion => ({ ...content, tenantId: 't1', set, sequence: 1 });

describe.each(['billing', 'saas'])('The example policy %s', (name) => {
  const issuers: Readonly<Record<string, readonly string[]>> = { billing: ['acme-login'], saas: ['workforce', 'customers'] };

  it('has no fault', () => {
    const surroundings = { applications: applicationsOf(name), issuers: issuers[name] ?? [], factSources: ['hr'] };
    expect(language.lint(policyOf(name).content, surroundings).faults).toEqual([]);
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

  it('stays what it is when it is written and read again', () => {
    const file = policyOf(name);
    const again = language.read(parse(JSON.stringify(language.write(file))));
    expect(again).toEqual({ ok: true, file });
  });
});
