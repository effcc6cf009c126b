/** Everything that RFC 3986 knows; what else is in it, parsers read in different ways. */
const URI_CHARACTERS = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;
const MOST_CHARACTERS = 2_048;
const UNRESERVED = /^[\w\-.~]$/;

/**
 * An http(s) URI without query and fragment, in the one spelling of RFC 3986 §6.2.2 and §6.2.3 (RFC 9449 §4.3 asks for both);
 * `undefined`: it is none, or it names a user.
 */
export function comparableUri(text: string): string | undefined {
  if (text.length > MOST_CHARACTERS || !URI_CHARACTERS.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\/[^/]/i.test(text)) return undefined;
  if (url.username !== '' || url.password !== '' || url.hostname === '') return undefined;
  const path = withPlainEscapes(url.pathname);
  return path === undefined ? undefined : `${url.origin}${path}`;
}

/** Escapes in upper case, and none of what needs none; `undefined`: a percent sign that escapes nothing. */
function withPlainEscapes(path: string): string | undefined {
  if (!path.includes('%')) return path;
  if (/%(?![\da-f]{2})/i.test(path)) return undefined;
  return path.replace(/%[\da-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}
