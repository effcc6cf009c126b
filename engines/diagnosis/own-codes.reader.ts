import { CATALOGUE, type ErrorCode } from '#utilities/errors/catalogue.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { KnownCause } from './contract.js';
import type { Reader } from './readers.js';

const WORD = /(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])/g;

/** Codes of Countersign's own catalogue, wherever they stand: in an answer, a status detail or a log. */
export const readOwnCodes: Reader = (text) => {
  const codes = [...new Set(text.match(WORD) ?? [])].filter(isOwn);
  return codes.length === 0
    ? undefined
    : {
        saidBy: 'countersign',
        causes: codes.map((code) => ({ known: ownCause(code), certainty: 'certain', reading: code })),
      };
};

export function ownCauses(): readonly KnownCause[] {
  return Object.keys(CATALOGUE).filter(isOwn).map(ownCause);
}

export function ownCause(code: ErrorCode): KnownCause {
  const entry: (typeof CATALOGUE)[ErrorCode] & { readonly source?: string } = CATALOGUE[code];
  return {
    code,
    cause: `${entry.summary} ${entry.cause}`,
    evidence: 'The log and the audit record under the diagnostic id of the answer say what was expected and what came.',
    remedy: entry.remedy,
    retry: isServiceFault(code) ? 'again' : 'never',
    fixedBy: isServiceFault(code) ? 'operator' : 'caller',
    source: entry.source ?? 'the catalogue of Countersign',
  };
}

function isOwn(word: string): word is ErrorCode {
  return Object.hasOwn(CATALOGUE, word);
}
