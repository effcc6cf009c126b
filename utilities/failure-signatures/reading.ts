import type { FailureSymptom } from './contract.js';
import { type ErrorInfoReading, errorInfoIn } from './error-info.js';
import { STATUS_NAMES } from './status-names.js';

/** A symptom, read once for all conditions. */
export interface Reading {
  /** Name of the status; `null`: not known. */
  readonly status: string | null;
  /** Without white space around it. */
  readonly text: string;
  readonly lowerCase: string;
  /** Of an answer without gRPC; `null`: there was none. */
  readonly http: string | null;
  readonly reset: number | null;
  /** The length of a message that was too long, as the letters that it is; empty: it is a number; `null`: no such text. */
  readonly letters: string | null;
  readonly errorInfo: ErrorInfoReading | null;
  readonly detailsOf: 'own-service' | 'other-service' | null;
  /** Lower-case names that were sent and did not arrive. */
  readonly lost: readonly string[];
  readonly symptom: FailureSymptom;
}

const LIMIT = 64 * 1024;
const HTTP = /Received HTTP status code (\d{3})(?!\d)/;
const RESET = /Received RST_STREAM with (?:error )?code:? (\d{1,2})(?!\d)/i;
const LENGTH = /larger than max \((\d{1,10}) vs/i;

export function readSymptom(symptom: FailureSymptom): Reading {
  const text = symptom.details.slice(0, LIMIT).trim();
  const errorInfo = errorInfoIn(symptom.metadata?.['grpc-status-details-bin']);
  return {
    status: symptom.code === undefined ? null : (STATUS_NAMES[symptom.code] ?? null),
    text,
    lowerCase: text.toLowerCase(),
    http: HTTP.exec(text)?.[1] ?? null,
    reset: numberIn(RESET.exec(text)),
    letters: lettersIn(numberIn(LENGTH.exec(text))),
    errorInfo,
    detailsOf: ownerOf(errorInfo, symptom.ownDomain),
    lost: lostOf(symptom),
    symptom,
  };
}

function numberIn(found: RegExpExecArray | null): number | null {
  return found === null ? null : Number(found[1]);
}

/** A length is four bytes, the first of them the highest; all four printable is a text, and no length that anybody sends. */
function lettersIn(length: number | null): string | null {
  if (length === null) return null;
  const letters = [24, 16, 8, 0].map((shift) => Math.floor(length / 2 ** shift) % 256);
  const isText = letters.every(
    (letter) => (letter >= 0x20 && letter < 0x7f) || letter === 0x0a || letter === 0x0d || letter === 0x09,
  );
  return isText ? String.fromCharCode(...letters) : '';
}

function ownerOf(errorInfo: ErrorInfoReading | null, ownDomain: string | undefined): Reading['detailsOf'] {
  if (errorInfo === null) return null;
  return errorInfo.domain === ownDomain ? 'own-service' : 'other-service';
}

function lostOf({ sent, arrived }: FailureSymptom): readonly string[] {
  if (sent === undefined || arrived === undefined) return [];
  const there = new Set(arrived.map((name) => name.toLowerCase()));
  return sent.map((name) => name.toLowerCase()).filter((name) => !there.has(name));
}
