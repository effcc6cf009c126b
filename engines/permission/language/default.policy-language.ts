import type { AttributeValue, PolicyContent, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { z } from 'zod';
import type { ConditionEvaluator } from '../condition-evaluator.contract.js';
import type { PermissionEngine } from '../contract.js';
import type {
  LintReport,
  PolicyFile,
  PolicyLanguage,
  PolicyReading,
  PolicySurroundings,
  PolicyTestFile,
  PolicyTestReading,
  PolicyTestReport,
  PolicyTestResult,
} from '../policy-language.contract.js';
import { attributeFaults } from './attribute-faults.js';
import { ConditionChecks } from './condition-faults.js';
import { readDocument } from './document-faults.js';
import { PatternCoverage } from './pattern-coverage.js';
import { PolicyReader } from './policy-reading.js';
import { policySchema } from './policy-schema.js';
import { writePolicy } from './policy-writing.js';
import { CoverageCount } from './rule-coverage.js';
import { RuleFaults } from './rule-faults.js';
import { routeFaults } from './route-faults.js';
import { readTestFile } from './test-reading.js';
import { TestRun } from './test-run.js';
import { testSchema } from './test-schema.js';
import { contentWarnings } from './warnings.js';

export interface PolicyLanguageParts {
  readonly permissionEngine: PermissionEngine;
  readonly conditionEvaluator: ConditionEvaluator;
}

export class DefaultPolicyLanguage implements PolicyLanguage {
  constructor(private readonly parts: PolicyLanguageParts) {}

  read(document: unknown): PolicyReading {
    const { value, faults } = readDocument(policySchema, document);
    if (value === null) return { ok: false, faults };
    const reader = new PolicyReader(value);
    const file = reader.file();
    return reader.faults.length > 0 ? { ok: false, faults: reader.faults } : { ok: true, file };
  }

  readTests(document: unknown): PolicyTestReading {
    return readTestFile(document);
  }

  write(file: PolicyFile): Readonly<Record<string, AttributeValue>> {
    return writePolicy(file);
  }

  lint(content: PolicyContent, { applications, issuers, factSources }: PolicySurroundings): LintReport {
    const coverage = new PatternCoverage(applications);
    const conditions = new ConditionChecks(content, this.parts.conditionEvaluator);
    return {
      faults: [
        ...attributeFaults(content, factSources),
        ...new RuleFaults(content, { coverage, issuers }).all(),
        ...routeFaults(content, applications),
        ...conditions.faults,
      ],
      warnings: [...contentWarnings(content, coverage), ...conditions.warnings],
    };
  }

  runTests(policy: PolicyVersion, files: readonly PolicyTestFile[], applications: readonly Application[]): PolicyTestReport {
    const run = new TestRun(this.parts.permissionEngine, policy, applications);
    const coverage = new CoverageCount(this.parts, policy);
    const names = new Set<string>();
    const results = files.flatMap(({ tests }) =>
      tests.map((test) => {
        const { result, asked } = run.run(test);
        if (asked !== null) coverage.add(asked);
        // SECURITY: callers tell results by their names; two of one name could pass for one another.
        const named = names.has(result.name) ? nameless(result) : result;
        names.add(result.name);
        return named;
      }),
    );
    return { results, coverage: coverage.report() };
  }

  schemas(): { readonly policy: Readonly<Record<string, unknown>>; readonly tests: Readonly<Record<string, unknown>> } {
    return { policy: schemaOf(policySchema, 'Countersign policy file'), tests: schemaOf(testSchema, 'Countersign policy tests') };
  }
}

function nameless({ name }: PolicyTestResult): PolicyTestResult {
  return { name: `${name} (again)`, passed: false, differences: ['another test has this name'] };
}

function schemaOf(schema: z.ZodType, title: string): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(schema.meta({ title }), { io: 'input', unrepresentable: 'any' }) };
}
