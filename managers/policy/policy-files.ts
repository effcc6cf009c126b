import type { IssuerRegistry } from '#accessors/issuer/contract.js';
import type { PolicyContent } from '#accessors/policy/contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { PolicyFault } from '#engines/permission/contract.js';
import type {
  LintReport,
  PolicyFile,
  PolicyLanguage,
  PolicySurroundings,
  PolicyTestFile,
} from '#engines/permission/policy-language.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PolicyLint } from './contract.js';

export interface PolicyFilesParts {
  readonly policyLanguage: PolicyLanguage;
  readonly registrationAccess: Pick<RegistrationAccess, 'applications'>;
  readonly issuerRegistry: Pick<IssuerRegistry, 'issuers'>;
  /** Left out: any name is taken. */
  readonly factSourceNames?: readonly string[];
}

/** Bounds the message. */
const MAX_LISTED = 200;

/** Reads policy and test files and checks them against what this installation has. */
export class PolicyFiles {
  constructor(private readonly parts: PolicyFilesParts) {}

  async surroundings(context: CallContext): Promise<PolicySurroundings> {
    const [applications, issuers] = await Promise.all([
      this.parts.registrationAccess.applications(context),
      this.parts.issuerRegistry.issuers(context),
    ]);
    return { applications, issuers: issuers.map(({ name }) => name), factSources: this.parts.factSourceNames ?? null };
  }

  lint(document: unknown, surroundings: PolicySurroundings): PolicyLint {
    const reading = this.parts.policyLanguage.read(document);
    if (!reading.ok) return { name: null, faults: reading.faults, warnings: [] };
    const { tenant, set, content } = reading.file;
    return { name: { tenant, set }, ...this.parts.policyLanguage.lint(content, surroundings) };
  }

  /**
   * What was fit when it was kept need not be fit now: an application may have lost a permission, an issuer its name.
   *
   * @throws CodedError `PLAN_REFUSED` with every fault
   */
  refuseUnfit(content: PolicyContent, surroundings: PolicySurroundings): void {
    const { faults } = this.parts.policyLanguage.lint(content, surroundings);
    if (faults.length > 0) throw new CodedError('PLAN_REFUSED', { actual: linesOf(faults) });
  }

  /** @throws CodedError `POLICY_INVALID` with every fault */
  read(document: unknown, surroundings: PolicySurroundings): { readonly file: PolicyFile; readonly lint: LintReport } {
    const reading = this.parts.policyLanguage.read(document);
    if (!reading.ok) throw policyInvalid(reading.faults);
    const lint = this.parts.policyLanguage.lint(reading.file.content, surroundings);
    if (lint.faults.length > 0) throw policyInvalid(lint.faults);
    return { file: reading.file, lint };
  }

  /** @throws CodedError `POLICY_INVALID` with every fault of every file */
  readTests(documents: readonly unknown[]): readonly PolicyTestFile[] {
    const readings = documents.map((document) => this.parts.policyLanguage.readTests(document));
    const faults = readings.flatMap((reading, at) =>
      reading.ok
        ? []
        : reading.faults.map(({ path, message }) => ({ path: `tests[${String(at)}]${path === '' ? '' : `.${path}`}`, message })),
    );
    if (faults.length > 0) throw policyInvalid(faults);
    return readings.flatMap((reading) => (reading.ok ? [reading.file] : []));
  }
}

export function policyInvalid(faults: readonly PolicyFault[]): CodedError {
  return new CodedError('POLICY_INVALID', { actual: linesOf(faults) });
}

function linesOf(faults: readonly PolicyFault[]): string {
  const lines = faults.slice(0, MAX_LISTED).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const rest = faults.length - lines.length;
  return (rest > 0 ? [...lines, `and ${String(rest)} more`] : lines).join('\n');
}
