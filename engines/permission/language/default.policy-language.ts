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
} from '../policy-language.contract.js';
import { attributeFaults } from './attribute-faults.js';
import { ConditionChecks } from './condition-faults.js';
import { readDocument } from './document-faults.js';
import { PatternCoverage } from './pattern-coverage.js';
import { PolicyReader } from './policy-reading.js';
import { policySchema } from './policy-schema.js';
import { writePolicy } from './policy-writing.js';
import { RuleFaults } from './rule-faults.js';
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

  readTests(_document: unknown): PolicyTestReading {
    return { ok: false, faults: [{ path: '', message: 'test files are not read yet' }] };
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
        ...conditions.faults,
      ],
      warnings: [...contentWarnings(content, coverage), ...conditions.warnings],
    };
  }

  runTests(_policy: PolicyVersion, _files: readonly PolicyTestFile[], _applications: readonly Application[]): PolicyTestReport {
    return { results: [], coverage: [] };
  }

  schemas(): { readonly policy: Readonly<Record<string, unknown>>; readonly tests: Readonly<Record<string, unknown>> } {
    return { policy: { ...z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' }) }, tests: {} };
  }
}
