import type { DiagnosisEngine } from '#engines/diagnosis/contract.js';
import type { ClientRegistry } from '#accessors/registration/client-registry.contract.js';
import type { RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import type {
  Finding,
  Inspection,
  PresenterExpectation,
  TokenValidationEngine,
  ValidationReport,
} from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { DiagnosisManager, ToldError, TokenExplanation, TokenQuestion } from './contract.js';
import { ErrorDiagnosis } from './error-diagnosis.js';

export interface DiagnosisParts {
  readonly tokenValidationEngine: TokenValidationEngine;
  readonly diagnosisEngine: DiagnosisEngine;
  readonly registrationAccess: Pick<RegistrationAccess, 'clientNamed'>;
  readonly clientRegistry: Pick<ClientRegistry, 'clients'>;
}

const MOST_CLIENTS = 1_000;
/** Faults that are of who hands the token in, and of nothing in it. */
const OF_THE_PRESENTER: ReadonlySet<string> = new Set(['presenter', 'presenter-conflict']);

export class DefaultDiagnosisManager implements DiagnosisManager {
  private readonly errors: ErrorDiagnosis;

  constructor(private readonly deps: DiagnosisParts) {
    this.errors = new ErrorDiagnosis(deps);
  }

  explainError(context: CallContext, text: string): ToldError {
    return this.errors.explainError(context, text);
  }

  async explainToken(context: CallContext, { token, clientId }: TokenQuestion): Promise<TokenExplanation> {
    const client = clientId === null ? null : await this.clientNamed(context, clientId);
    const inspection = await this.inspect(context, token, client);
    const findings = findingsIn(inspection.report);
    return {
      accepted: findings.length === 0,
      checks: inspection.checks,
      findings,
      issuer: issuerIn(inspection.report),
      token: inspection.token,
      signatureProven: inspection.signatureProven,
      subject: subjectIn(inspection.report),
      presenters: findings.every(({ check }) => OF_THE_PRESENTER.has(check)) ? await this.presentersOf(context, token) : null,
      tokenSha256: inspection.report.tokenSha256,
    };
  }

  private async clientNamed(context: CallContext, clientId: string): Promise<RegisteredClient> {
    const client = await this.deps.registrationAccess.clientNamed(context, clientId);
    if (client === undefined) throw new CodedError('CLIENT_UNKNOWN', { field: 'client', actual: clientId });
    return client;
  }

  private inspect(context: CallContext, token: string, presenter: PresenterExpectation | null): Promise<Inspection> {
    return this.deps.tokenValidationEngine.inspect(context, { token, field: 'subject_token', presenter });
  }

  private async presentersOf(context: CallContext, token: string): Promise<readonly string[]> {
    const active = (await this.deps.clientRegistry.clients(context)).filter(({ status }) => status === 'active');
    const presenters: string[] = [];
    for (const { client } of active.slice(0, MOST_CLIENTS)) {
      const { report } = await this.inspect(context, token, client);
      if (report.outcome === 'accepted') presenters.push(client.clientId);
    }
    return presenters.toSorted();
  }
}

function findingsIn(report: ValidationReport): readonly Finding[] {
  return report.outcome === 'rejected' ? report.findings : [];
}

function issuerIn(report: ValidationReport): string | null {
  return report.outcome === 'rejected' ? report.issuer : report.principal.issuer;
}

function subjectIn(report: ValidationReport): TokenExplanation['subject'] {
  if (report.outcome === 'rejected') return null;
  const { kind, identity, tenants } = report.principal;
  return { kind, ...identity, tenants: tenants.map(({ slug }) => slug) };
}
