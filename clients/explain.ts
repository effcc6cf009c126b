import { Command } from 'commander';
import { DefaultDiagnosisEngine } from '#engines/diagnosis/default.diagnosis.engine.js';
import { ErrorDiagnosis } from '#managers/diagnosis/error-diagnosis.js';
import { DefaultFailureSignatures } from '#utilities/failure-signatures/default.failure-signatures.js';
import { addExplainCommand } from './cli/explain.command.js';

/** `countersign explain` by itself: no settings, no database, no network. */
export async function runExplain(): Promise<void> {
  const program = new Command('countersign').showHelpAfterError();
  addExplainCommand(program, offlineDiagnosis());
  await program.parseAsync();
}

export function offlineDiagnosis(): ErrorDiagnosis {
  return new ErrorDiagnosis({ diagnosisEngine: new DefaultDiagnosisEngine({ signatures: new DefaultFailureSignatures() }) });
}
