import type { PolicyFault } from '../contract.js';
import type { PolicyInvariant, PolicyTestFile, PolicyTestReading } from '../policy-language.contract.js';
import { readDocument } from './document-faults.js';
import { suggestion } from './suggestion.js';
import {
  testSchema,
  type Authentication,
  type ContextValues,
  type Expectation,
  type TenantState,
  type WrittenCheck,
  type WrittenPersona,
  type WrittenTest,
  type WrittenTests,
} from './test-schema.js';
import { parseMoment } from './time-values.js';

export interface TestedCheck extends Omit<WrittenCheck, 'context'> {
  readonly context: ContextValues | null;
}

/** What one test is asked under, with every default applied. */
export interface TestCircumstances {
  readonly subject: string;
  readonly persona: WrittenPersona;
  readonly audience: string | null;
  readonly context: ContextValues | null;
  readonly unit: string | null;
  readonly now: number;
  readonly tenant: TenantState;
  readonly session: Authentication;
  readonly boundary: readonly string[];
  readonly ceiling: readonly string[] | null;
  readonly unavailable: readonly string[];
}

interface TestedMembers {
  readonly name: string;
  readonly given: TestCircumstances;
  readonly expect: Expectation | null;
  readonly checks: readonly TestedCheck[];
}

/** One test, ready to be run. */
export class PolicyTestCase {
  constructor(private readonly members: TestedMembers) {}

  get name(): string {
    return this.members.name;
  }

  get given(): TestCircumstances {
    return this.members.given;
  }

  get expect(): Expectation | null {
    return this.members.expect;
  }

  get checks(): readonly TestedCheck[] {
    return this.members.checks;
  }
}

/** A test that only whoever has the stored subjects can run. */
export class AllSubjectsTest {
  constructor(readonly invariant: PolicyInvariant) {}
}

/** Everybody, with no limit set by a client. */
const NO_BOUNDARY: readonly string[] = ['**'];

export function readTestFile(document: unknown): PolicyTestReading {
  const { value, faults } = readDocument(testSchema, document);
  if (value === null) return { ok: false, faults };
  const reader = new TestReader(value);
  const file = reader.file();
  return reader.faults.length > 0 ? { ok: false, faults: reader.faults } : { ok: true, file };
}

class TestReader {
  readonly faults: PolicyFault[] = [];

  constructor(private readonly written: WrittenTests) {}

  file(): PolicyTestFile {
    const { metadata, tests, subjects } = this.written;
    for (const [name, persona] of Object.entries(subjects)) this.checkPersona(`subjects.${name}`, persona);
    const names = new Set<string>();
    const read = tests.flatMap((test, position): readonly (AllSubjectsTest | PolicyTestCase)[] => {
      const path = `tests[${position}]`;
      if (names.has(test.name)) this.fault(`${path}.name`, 'another test has this name');
      names.add(test.name);
      return test.given.all_subjects === true ? this.aboutAll(test, path) : this.aboutOne(test, path);
    });
    const invariants = read.flatMap((test) => (test instanceof AllSubjectsTest ? [test.invariant] : []));
    return { name: metadata.name, tests: read, invariants };
  }

  private aboutAll(test: WrittenTest, path: string): readonly AllSubjectsTest[] {
    const { subject, audience = this.written.defaults.audience } = test.given;
    if (subject !== undefined) this.fault(`${path}.given`, 'expected either subject or all_subjects');
    if (test.expect !== undefined || test.checks !== undefined)
      this.fault(path, 'a test about all subjects has an invariant, and neither expect nor checks');
    if (test.invariant === undefined || test.permissions === undefined) {
      this.fault(path, 'expected an invariant and its permissions');
      return [];
    }
    const { name, invariant, permissions } = test;
    return [new AllSubjectsTest({ name, invariant, permissions, audience: audience ?? null })];
  }

  private aboutOne(test: WrittenTest, path: string): readonly PolicyTestCase[] {
    const { name, expect = null, checks = [], invariant, permissions } = test;
    if (invariant !== undefined || permissions !== undefined)
      this.fault(path, 'invariant and permissions belong to a test about all_subjects');
    if (expect === null && checks.length === 0) this.fault(path, 'expected expect, checks or both');
    const given = this.circumstances(test, path);
    if (given === null) return [];
    const tested = checks.map((check, position) => ({
      ...check,
      context: check.context === undefined ? given.context : this.context(check.context, `${path}.checks[${position}].context`),
    }));
    return [new PolicyTestCase({ name, given, expect, checks: tested })];
  }

  private circumstances({ given }: WrittenTest, path: string): TestCircumstances | null {
    const { subject, all_subjects: _all, ...own } = given;
    const written = { ...this.written.defaults, ...own };
    const now = parseMoment(written.now ?? '');
    if (now === null) this.fault(`${path}.given.now`, 'missing, here and in defaults');
    const persona = this.persona(subject, `${path}.given.subject`);
    const context = this.context(written.context ?? null, `${path}.given.context`);
    if (now === null || subject === undefined || persona === null) return null;
    const { defaults } = this.written;
    const tenant = { ...defaults.tenant, ...given.tenant };
    const session = { ...defaults.session, ...authenticationOf(persona), ...given.session };
    return { subject, persona, now, context, tenant, session, ...limitsOf(written) };
  }

  private persona(name: string | undefined, path: string): WrittenPersona | null {
    const { subjects } = this.written;
    const persona = name !== undefined && Object.hasOwn(subjects, name) ? subjects[name] : undefined;
    if (name === undefined) this.fault(path, 'missing');
    else if (persona === undefined) this.unknown(path, name, { what: 'subject', among: subjects });
    return persona ?? null;
  }

  private context(written: string | ContextValues | null, path: string): ContextValues | null {
    if (typeof written !== 'string') return written;
    const { contexts } = this.written;
    const named = Object.hasOwn(contexts, written) ? contexts[written] : undefined;
    if (named === undefined) this.unknown(path, written, { what: 'context', among: contexts });
    return named ?? null;
  }

  private checkPersona(path: string, { registered, assignments, grants, groups, attributes }: WrittenPersona): void {
    const stored = [assignments, grants, groups, Object.keys(attributes)].some((list) => list.length > 0);
    if (!registered && stored) this.fault(path, 'somebody who is not registered has nothing that is stored: leave it out');
    for (const [position, { role, permissions }] of grants.entries())
      if ((role === undefined) === (permissions === undefined))
        this.fault(`${path}.grants[${position}]`, 'expected either role or permissions');
  }

  private unknown(path: string, name: string, { what, among }: { readonly what: string; readonly among: object }): void {
    const near = suggestion(name, Object.keys(among));
    this.fault(path, `there is no ${what} ${name} in this file${near === undefined ? '' : `; ${near}`}`);
  }

  private fault(path: string, message: string): void {
    this.faults.push({ path, message });
  }
}

function limitsOf({ audience, unit, boundary, ceiling, unavailable }: WrittenTests['defaults']): {
  readonly audience: string | null;
  readonly unit: string | null;
  readonly boundary: readonly string[];
  readonly ceiling: readonly string[] | null;
  readonly unavailable: readonly string[];
} {
  return {
    audience: audience ?? null,
    unit: unit ?? null,
    boundary: boundary ?? NO_BOUNDARY,
    ceiling: ceiling ?? null,
    unavailable: unavailable ?? [],
  };
}

function authenticationOf({ idp }: WrittenPersona): Authentication {
  const { acr, amr, auth_time } = idp ?? {};
  return {
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(auth_time === undefined ? {} : { auth_time }),
  };
}
