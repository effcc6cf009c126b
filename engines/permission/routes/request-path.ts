import type { RequestReading } from '../gateway-routes.contract.js';

/** Longest target that is read; the longest path among routes is far below. */
const MOST_CHARACTERS = 8_192;
const MOST_SEGMENTS = 64;
/** As long as the id of a resource may be where it is asked about otherwise. */
const MOST_IN_SEGMENT = 512;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
/** RFC 3986 `pchar` without `%` and `;`: parameters of a segment are dropped by some programs and kept by others. */
const PLAIN = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,=:@]*)+$/;
const WITH_ENCODED = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*)+$/;
/** What a request line may have in its query. A space, a control character or `#` would be the end of it for somebody. */
const QUERY = /^[\x21\x22\x24-\x7e]*$/;
const ENCODED = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
/** `/`, `\`, `.` and the like in any of their forms would be taken for these by whoever decodes once more. */
const SPLITS = /[/\\;?#%]/;
/** Control characters of both ranges, and what turns text around or ends lines. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u180e\ufe00-\ufe0f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
const ONLY_DOTS = /^\.+$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * SECURITY: the one reading of a path. A gateway, this service and the application behind must not disagree about which resource is
 * meant, so whatever has been read in two ways by some of them is refused, and nothing is repaired: no segment is joined, dropped,
 * shortened or decoded twice. Decoded is only what means the same either way (RFC 3986 §6.2.2.2).
 */
export function readRequest(method: string, target: string): RequestReading {
  if (!METHOD.test(method)) return refused('the method is none in upper case');
  if (target.length > MOST_CHARACTERS) return refused(`longer than ${String(MOST_CHARACTERS)} characters`);
  const mark = target.indexOf('?');
  if (mark !== -1 && !QUERY.test(target.slice(mark + 1))) return refused('characters in the query that no request line has');
  const segments = segmentsOf(mark === -1 ? target : target.slice(0, mark));
  return typeof segments === 'string' ? refused(segments) : { ok: true, path: { method, segments } };
}

/** The segments, or why they are not read. */
function segmentsOf(path: string): readonly string[] | string {
  const isPlain = PLAIN.test(path);
  if (!isPlain && !WITH_ENCODED.test(path)) return 'characters that no plain path has, or an encoding that is none';
  const segments = path.slice(1).split('/');
  if (segments.length > MOST_SEGMENTS) return `more than ${String(MOST_SEGMENTS)} segments`;
  const read: string[] = [];
  for (const [at, sent] of segments.entries()) {
    const segment = isPlain ? sent : decoded(sent);
    if (segment === undefined) return 'an encoded character that separates, controls or encodes, or is no UTF-8';
    const fault = faultOf(segment, at === segments.length - 1);
    if (fault !== undefined) return fault;
    read.push(segment);
  }
  return read;
}

function faultOf(segment: string, isLast: boolean): string | undefined {
  if (segment === '') return isLast ? undefined : 'an empty segment';
  if (segment.length > MOST_IN_SEGMENT) return `a segment of more than ${String(MOST_IN_SEGMENT)} characters`;
  return ONLY_DOTS.test(segment) ? 'a segment of dots' : undefined;
}

/** The text that an encoded segment stands for, once it was read. */
export function textOf(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

const ALREADY_FOLDED = /^[a-z0-9_-]*$/;

/**
 * What is left of a segment where nobody tells apart what some do not: upper and lower case, what is encoded without need, forms of one
 * character, blanks and dots at the ends.
 */
export function foldOf(segment: string): string {
  if (ALREADY_FOLDED.test(segment)) return segment;
  const cased = textOf(segment).normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return cased.replace(/^\s+|[\s.]+$/gu, '');
}

/** One spelling for one meaning; `undefined`: it has several. */
function decoded(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  const spelt = segment.replace(ENCODED, (_all, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : `%${hex.toUpperCase()}`;
  });
  const text = decodedText(spelt);
  if (text === undefined || UNSEEN.test(text)) return undefined;
  // Wide and small forms of these characters become the plain ones where an application normalises what it decoded.
  const plain = text.normalize('NFKC');
  return SPLITS.test(plain) || ONLY_DOTS.test(plain) ? undefined : spelt;
}

/** `undefined`: it is no UTF-8, over-long forms among it. */
function decodedText(spelt: string): string | undefined {
  const bytes = Buffer.from(
    spelt.replace(ENCODED, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function refused(because: string): RequestReading {
  return { ok: false, because };
}
