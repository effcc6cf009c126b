import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { CheckQuestion, PermissionEngine, PermissionQuestion } from '../contract.js';
import type { PolicyTestResult } from '../policy-language.contract.js';
import { PatternCoverage } from './pattern-coverage.js';
import { checkDifferences, decisionDifferences, explanationDifferences } from './test-expectations.js';
import { questionOf, resourceOf } from './test-question.js';
import { AllSubjectsTest, PolicyTestCase, type TestedCheck } from './test-reading.js';
import type { Expectation } from './test-schema.js';

const DAY = 86_400_000;

/** What a test asked, for whoever wants to know which rules took part. */
export interface AskedTest {
  readonly question: PermissionQuestion;
  readonly unit: string | null;
  readonly checks: readonly CheckQuestion[];
}

/** Runs tests against one version of a policy. */
export class TestRun {
  private readonly coverages = new Map<Application, PatternCoverage>();

  constructor(
    private readonly engine: PermissionEngine,
    private readonly policy: PolicyVersion,
    private readonly applications: readonly Application[],
  ) {}

  run(test: unknown): { readonly result: PolicyTestResult; readonly asked: AskedTest | null } {
    if (test instanceof AllSubjectsTest) return failed(test.invariant.name, 'asks about all stored subjects, which are not here');
    if (!(test instanceof PolicyTestCase)) return failed('', 'this was not read as a test');
    const application = this.applicationOf(test.given.audience);
    if (application === undefined) return failed(test.name, this.unknownAudience(test.given.audience));
    const question = questionOf(test.given, { policy: this.policy, application });
    const checks = test.checks.map((check) => checkQuestion(question, check, test.given.unit));
    const differences = [
      ...undeclared(test, this.policy),
      ...(test.expect === null ? [] : this.expected(test.expect, question, test.given.unit)),
      ...test.checks.flatMap((check, position) => this.checked(check, checks[position], position)),
    ];
    const result = { name: test.name, passed: differences.length === 0, differences };
    return { result, asked: { question, unit: test.given.unit, checks } };
  }

  private expected(expected: Expectation, question: PermissionQuestion, unit: string | null): readonly string[] {
    const horizon = expected.horizon === undefined || expected.horizon === null ? 0 : Date.parse(expected.horizon) + 1;
    // Nobody walks through a day for a horizon that is not asked for.
    const until = expected.horizon === undefined ? question.now : Math.max(horizon, question.now + DAY);
    const decision = this.engine.effectivePermissions({ ...question, scope: null, unit, until });
    const explained = Object.entries(expected.explain ?? {}).flatMap(([permission, wanted]) =>
      explanationDifferences(wanted, {
        permission,
        decision: this.engine.decide({ ...question, permission, resource: null, unit }),
      }),
    );
    return [...decisionDifferences(expected, decision, this.coverageOf(question.application)), ...explained];
  }

  private checked(check: TestedCheck, question: CheckQuestion | undefined, position: number): readonly string[] {
    if (question === undefined) return [];
    const differences = checkDifferences(check.expect, this.engine.decide(question));
    return differences.map((line) => `checks[${position}] ${check.permission}: ${line}`);
  }

  /** By its audience, by its prefix, or the only one that there is. */
  private applicationOf(named: string | null): Application | undefined {
    if (named === null) return this.applications.length === 1 ? this.applications[0] : undefined;
    return (
      this.applications.find(({ audience }) => audience === named) ?? this.applications.find(({ prefix }) => prefix === named)
    );
  }

  private unknownAudience(named: string | null): string {
    const known = this.applications.map(({ prefix }) => prefix).join(', ');
    return unequalAudience(named, known);
  }

  private coverageOf(application: Application): PatternCoverage {
    const known = this.coverages.get(application) ?? new PatternCoverage([application]);
    this.coverages.set(application, known);
    return known;
  }
}

function checkQuestion(question: PermissionQuestion, check: TestedCheck, unit: string | null): CheckQuestion {
  const { permission, resource, context } = check;
  return { ...question, context, permission, resource: resourceOf(resource), unit };
}

/** SECURITY: a value that no rule can read makes a test that proves nothing. */
function undeclared({ given, checks }: PolicyTestCase, { attributes }: PolicyVersion): readonly string[] {
  const declared = new Set(attributes.map(({ root, resourceType, name }) => [root, resourceType ?? '', name].join('.')));
  const values: readonly (readonly [string, string, object])[] = [
    ['subject', '', given.persona.attributes],
    ['tenant', '', given.tenant.attributes ?? {}],
    ['context', '', given.context ?? {}],
    ...checks.map(({ context }) => ['context', '', context ?? {}] as const),
    ...checks.flatMap(({ resource }) => {
      const read = resourceOf(resource);
      return read === null ? [] : [['resource', read.type, read.attributes] as const];
    }),
  ];
  const unknown = values.flatMap(([root, type, given_]) =>
    Object.keys(given_)
      .filter((name) => !declared.has([root, type, name].join('.')))
      .map((name) => `given: ${root}${type === '' ? '' : ` ${type}`}.${name} is not declared in the policy, so nothing reads it`),
  );
  return [...new Set(unknown)];
}

function unequalAudience(named: string | null, known: string): string {
  const found = named === null ? 'no audience is given' : `there is no application ${named}`;
  return `given.audience: ${found}; there are ${known}`;
}

function failed(name: string, difference: string): { readonly result: PolicyTestResult; readonly asked: null } {
  return { result: { name, passed: false, differences: [difference] }, asked: null };
}
