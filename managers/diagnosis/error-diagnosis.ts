import type { DiagnosisEngine } from '#engines/diagnosis/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { DiagnosisManager, ToldError } from './contract.js';

/** Reads errors. It needs neither settings nor a database. */
export class ErrorDiagnosis implements Pick<DiagnosisManager, 'explainError'> {
  constructor(private readonly deps: { readonly diagnosisEngine: DiagnosisEngine }) {}

  explainError(_context: CallContext, text: string): ToldError {
    const { saidBy, causes, ids } = this.deps.diagnosisEngine.explain(text);
    return {
      saidBy,
      ids,
      causes: causes.map(({ known, certainty, reading }) => ({ ...known, certainty, reading })),
    };
  }
}
