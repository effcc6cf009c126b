import type {
  Certainty,
  FailureCondition,
  FailureMatch,
  FailureSignature,
  FailureSignatures,
  FailureSymptom,
  SaidBy,
} from './contract.js';
import { type Reading, readSymptom } from './reading.js';
import { SIGNATURES } from './signatures.js';
import { STATUS_NAMES } from './status-names.js';

const RANK: Readonly<Record<Certainty, number>> = { certain: 0, likely: 1, possible: 2 };
/** Beginnings of pages, as the four letters after their first. */
const PAGES: readonly string[] = ['html', 'HTML', '!DOC', '!doc', '!Doc', 'head', 'HEAD', 'body', '!-- '];
/** `14 UNAVAILABLE: …` of Node, `Code: Unavailable` of grpcurl, `code = Unavailable desc = …` of Go, `StatusCode.UNAVAILABLE` of Python. */
const NUMBERED = /^(?:Error: )?(\d{1,2}) ([A-Z_]{2,20}): /;
const NAMED = /(?:\bCode: |\bcode = |StatusCode\.)([A-Za-z_]{2,20})/;

/** Goes through all signatures: some sixty, each a handful of searches in one text. */
export class DefaultFailureSignatures implements FailureSignatures {
  readonly all = SIGNATURES;

  match(symptom: FailureSymptom): readonly FailureMatch[] {
    const reading = readSymptom(symptom);
    const found = SIGNATURES.flatMap((signature) => matchOf(signature, reading));
    return found.sort((one, other) => RANK[one.certainty] - RANK[other.certainty]);
  }

  whoSaidNo(symptom: FailureSymptom): SaidBy {
    return this.match(symptom)[0]?.signature.saidBy ?? 'unknown';
  }

  symptomOf(text: string): FailureSymptom {
    const numbered = NUMBERED.exec(text);
    if (numbered !== null && STATUS_NAMES[Number(numbered[1])] === numbered[2])
      return { code: Number(numbered[1]), details: text.slice(numbered[0].length) };
    const name = NAMED.exec(text.slice(0, 4_096))?.[1];
    const code = name === undefined ? -1 : STATUS_NAMES.findIndex((each) => plain(each) === plain(name));
    return code === -1 ? { details: text } : { code, details: text };
  }
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** By the most certain of its conditions that hold. */
function matchOf(signature: FailureSignature, reading: Reading): FailureMatch[] {
  const [best] = signature.when
    .filter((condition) => holds(condition, reading))
    .map(({ certainty }) => certainty)
    .sort((one, other) => RANK[one] - RANK[other]);
  return best === undefined ? [] : [{ signature, certainty: best, reading: toldBy(signature, reading) }];
}

function holds(condition: FailureCondition, reading: Reading): boolean {
  return CHECKS.every((check) => check(condition, reading));
}

type Check = (condition: FailureCondition, reading: Reading) => boolean;

/** Each is silent about a condition that does not name it. */
const CHECKS: readonly Check[] = [
  ({ status }, reading) => status === undefined || reading.status === null || status.includes(reading.status),
  ({ says }, { lowerCase }) => says === undefined || says.some((part) => lowerCase.includes(part.toLowerCase())),
  ({ saysNot = [] }, { lowerCase }) => !saysNot.some((part) => lowerCase.includes(part.toLowerCase())),
  ({ isText }, { text }) => isText === undefined || isText.includes(text),
  (condition, { http }) => condition.http === undefined || isStatus(condition.http, http),
  ({ httpNot }, { http }) => httpNot === undefined || !isStatus(httpNot, http),
  ({ reset }, reading) => reset === undefined || (reading.reset !== null && reset.includes(reading.reset)),
  ({ lettersAsLength }, { letters }) => lettersAsLength === undefined || kindOf(letters) === lettersAsLength,
  ({ channel }, { symptom }) => channel === undefined || symptom.channel === channel,
  ({ channelNot }, { symptom }) => channelNot === undefined || symptom.channel !== channelNot,
  ({ withoutAlpn }, { symptom }) => withoutAlpn === undefined || symptom.alpn === false,
  ({ metadataLost }, { lost }) => metadataLost === undefined || lost.length > 0,
  ({ detailsOf }, reading) => detailsOf === undefined || reading.detailsOf === detailsOf,
];

function isStatus(wanted: readonly string[], status: string | null): boolean {
  return status !== null && (wanted.includes(status) || wanted.includes(`${status.slice(0, 1)}xx`));
}

function kindOf(letters: string | null): 'html' | 'text' | 'none' | null {
  if (letters === null) return null;
  if (letters === '') return 'none';
  return PAGES.includes(letters) ? 'html' : 'text';
}

/** What was read of the symptom where a condition of the signature looks at it; the first that there is. */
function toldBy({ when }: FailureSignature, reading: Reading): string | null {
  const told = READINGS.filter(([member]) => when.some((condition) => condition[member] !== undefined)).map(([, tell]) =>
    tell(reading),
  );
  return told.find((each) => each !== null && each !== '') ?? null;
}

const READINGS: readonly (readonly [keyof FailureCondition, (reading: Reading) => string | null])[] = [
  ['detailsOf', ({ errorInfo }) => (errorInfo === null ? null : `${errorInfo.domain}: ${errorInfo.reason}`)],
  ['metadataLost', ({ lost }) => lost.join(', ')],
  ['http', ({ http }) => (http === null ? null : `HTTP ${http}`)],
  ['reset', ({ reset }) => (reset === null ? null : `RST_STREAM ${String(reset)}`)],
  ['lettersAsLength', ({ letters }) => letters],
];
