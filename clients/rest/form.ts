import { CodedError } from '#utilities/errors/coded-error.js';

/** Parameters that RFC 8693 §2.1 lets repeat; every other repeat is refused (RFC 6749 §3.2). */
const REPEATABLE: ReadonlySet<string> = new Set(['audience', 'resource']);

export type Form = ReadonlyMap<string, readonly string[]>;

/**
 * Reads an `application/x-www-form-urlencoded` body. A parameter without a value counts as absent (RFC 6749 §3.1).
 *
 * @throws CodedError `REQUEST_MALFORMED` for text that is not properly encoded, `REQUEST_PARAMETER_REPEATED`
 */
export function parseForm(body: string): Form {
  const form = new Map<string, string[]>();
  const seen = new Set<string>();
  if (body === '') return form;
  for (const pair of body.split('&')) {
    const { name, value } = readPair(pair);
    if (seen.has(name) && !REPEATABLE.has(name)) throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: safeName(name) });
    seen.add(name);
    if (value === '') continue;
    const values = form.get(name);
    if (values === undefined) form.set(name, [value]);
    else values.push(value);
  }
  return form;
}

function readPair(pair: string): { readonly name: string; readonly value: string } {
  const equals = pair.indexOf('=');
  if (equals === -1) return { name: decode(pair), value: '' };
  return { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
}

/** The value of a parameter that occurs at most once. */
export function single(form: Form, name: string): string | undefined {
  return form.get(name)?.[0];
}

/** @throws CodedError `REQUEST_MALFORMED` on a broken percent-encoding or text that is not UTF-8. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw new CodedError('REQUEST_MALFORMED', { expected: 'valid percent-encoding of UTF-8 text' });
  }
}

/** SECURITY: a name goes into an answer and a log line only if it looks like a parameter name. */
function safeName(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : 'unknown';
}
