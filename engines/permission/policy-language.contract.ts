/**
 * Hides the form of policy files and of their tests, and what makes a policy fit to be activated. Called by Managers. Pure.
 */
import type { AttributeValue, PolicyContent, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PolicyFault } from './contract.js';

/** What a policy is checked against. */
export interface PolicySurroundings {
  readonly applications: readonly Application[];
  /** Names of trusted issuers; `null`: not checked. */
  readonly issuers: readonly string[] | null;
  /** Names of configured fact sources; `null`: not checked. */
  readonly factSources: readonly string[] | null;
}

export interface PolicyFile {
  /** Slug of the tenant. */
  readonly tenant: string;
  /** Name of the policy set. */
  readonly set: string;
  readonly message: string;
  readonly content: PolicyContent;
}

export type PolicyReading =
  { readonly ok: true; readonly file: PolicyFile } | { readonly ok: false; readonly faults: readonly PolicyFault[] };

export interface LintReport {
  /** It may not be activated while there are any. */
  readonly faults: readonly PolicyFault[];
  /** Roles that nothing grants, conditions that nothing uses, grants that an exclude empties, and the like. */
  readonly warnings: readonly PolicyFault[];
}

/** A statement about every stored subject: with `superset_of_live` nobody loses any of these permissions. */
export interface PolicyInvariant {
  /** Of the test, as in its result. */
  readonly name: string;
  readonly invariant: 'superset_of_live';
  /** Names and patterns. */
  readonly permissions: readonly string[];
  /** Audience or prefix of the application; `null`: every application. */
  readonly audience: string | null;
}

/** Personas, circumstances and expectations, as they were read. `tests` is opaque to callers. */
export interface PolicyTestFile {
  readonly name: string;
  readonly tests: readonly unknown[];
  /** Which of the tests are about all stored subjects: the caller asks them and replaces their results. */
  readonly invariants: readonly PolicyInvariant[];
}

export type PolicyTestReading =
  { readonly ok: true; readonly file: PolicyTestFile } | { readonly ok: false; readonly faults: readonly PolicyFault[] };

export interface PolicyTestResult {
  readonly name: string;
  readonly passed: boolean;
  /** What was expected and what came, a line each. */
  readonly differences: readonly string[];
}

/** How often each rule took part in a test. */
export interface RuleCoverage {
  /** `role:clerk`, `binding:emea-small`, `deny:no-export`, `gate:g3`, `condition:office_hours=true`, `condition:office_hours=false`. */
  readonly rule: string;
  readonly hits: number;
}

export interface PolicyTestReport {
  readonly results: readonly PolicyTestResult[];
  readonly coverage: readonly RuleCoverage[];
}

export interface PolicyLanguage {
  /** Reads the parsed YAML or JSON of a policy file; any value. Every fault in one run. */
  read(document: unknown): PolicyReading;

  /** As `read`, for a file of kind PolicyTest. */
  readTests(document: unknown): PolicyTestReading;

  /** The file again, in one fixed order, as a value to be written as YAML. Reading it gives the same content. */
  write(file: PolicyFile): Readonly<Record<string, AttributeValue>>;

  /**
   * Everything that keeps the content from being activated, and everything that looks unintended: names, unknown parents, cycles,
   * inheritance deeper than 8, patterns that match nothing, conditions that do not compile or cost too much, unknown attributes.
   */
  lint(content: PolicyContent, surroundings: PolicySurroundings): LintReport;

  /** Runs tests against a version. Tests over all stored subjects are left to the caller and answered as not passed. */
  runTests(policy: PolicyVersion, files: readonly PolicyTestFile[], applications: readonly Application[]): PolicyTestReport;

  /** JSON Schemas of both kinds of file. */
  schemas(): { readonly policy: Readonly<Record<string, unknown>>; readonly tests: Readonly<Record<string, unknown>> };
}

export const POLICY_LANGUAGE: unique symbol = Symbol('PolicyLanguage');
