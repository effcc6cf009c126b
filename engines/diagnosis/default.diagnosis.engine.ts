import type { FailureSignature, FailureSignatures, SaidBy } from '#utilities/failure-signatures/contract.js';
import type { Certainty, DiagnosisEngine, ErrorExplanation, KnownCause, RankedCause, SaidNo } from './contract.js';
import { ENTRA_CAUSES, readEntra } from './entra.reader.js';
import { OAUTH_WORDS, readOAuth } from './oauth.reader.js';
import { ownCauses, readOwnCodes } from './own-codes.reader.js';
import type { Found, Reader } from './readers.js';
import { readVault } from './vault.reader.js';

const MOST_CHARACTERS = 64 * 1024;
const RANK: Readonly<Record<Certainty, number>> = { certain: 0, likely: 1, possible: 2 };
/** Whoever says most of a failure first: among equally certain causes their order counts. */
const READERS: readonly Reader[] = [readOwnCodes, readEntra, readVault];

const IDS: Readonly<Record<string, RegExp>> = {
  traceId: /(?:"trace_id"\s*:\s*"|\bTrace ID:\s*)([0-9a-f-]{36})\b/i,
  correlationId: /(?:"correlation_id"\s*:\s*"|\bCorrelation ID:\s*)([0-9a-f-]{36})\b/i,
  timestamp: /(?:"timestamp"\s*:\s*"|\bTimestamp:\s*)(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?)/i,
  diagnosticId: /(?:diagnostic_?id"?\s*[:=]\s*"?)([0-9a-f-]{36})\b/i,
};

const SAID: Readonly<Record<SaidBy, SaidNo>> = {
  'own-service': 'countersign',
  'other-service': 'other-service',
  intermediary: 'intermediary',
  transport: 'transport',
  caller: 'caller',
  unknown: 'unknown',
};

export class DefaultDiagnosisEngine implements DiagnosisEngine {
  constructor(private readonly deps: { readonly signatures: FailureSignatures }) {}

  explain(text: string): ErrorExplanation {
    const read = text.slice(0, MOST_CHARACTERS);
    const found = [...READERS, this.readSignatures, readOAuth].flatMap((reader) => reader(read) ?? []);
    const said = found.find(({ saidBy }) => saidBy !== 'unknown');
    return { saidBy: said?.saidBy ?? 'unknown', causes: ranked(found), ids: idsIn(read) };
  }

  known(): readonly KnownCause[] {
    const { signatures } = this.deps;
    return [...ownCauses(), ...ENTRA_CAUSES, ...OAUTH_WORDS.values(), ...signatures.all.map(causeOf)];
  }

  private readonly readSignatures: Reader = (text) => {
    const { signatures } = this.deps;
    const symptom = signatures.symptomOf(text.trim());
    const causes = signatures.match(symptom).map(({ signature, certainty, reading }) => ({
      known: causeOf(signature),
      certainty,
      reading: reading ?? 'the text of the failure',
    }));
    return causes.length === 0 ? undefined : { saidBy: SAID[signatures.whoSaidNo(symptom)], causes };
  };
}

/** Each cause once, at its most certain. Where a number or code says what it is, a standard word beside it says nothing more. */
function ranked(found: readonly Found[]): readonly RankedCause[] {
  const all = found.flatMap(({ causes }) => causes).toSorted((one, other) => RANK[one.certainty] - RANK[other.certainty]);
  const seen = new Set<string>();
  return all.filter(({ known: { code } }) => !seen.has(code) && seen.add(code));
}

function causeOf({ code, cause, evidence, remedy, next, retry, saidBy, source }: FailureSignature): KnownCause {
  return {
    code,
    cause,
    evidence,
    remedy: [...remedy, `Look closer: ${next}`],
    retry: retry === 'backoff' ? 'again' : 'never',
    fixedBy: saidBy === 'caller' ? 'client-developer' : saidBy === 'own-service' ? 'caller' : 'operator',
    source,
  };
}

function idsIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(IDS).flatMap(([name, pattern]) => {
      const value = pattern.exec(text)?.[1];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
