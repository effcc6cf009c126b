import { quoted } from '../quoted.js';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const MAX_COMPARED = 16;

/** The next step where an audience is almost one of the list. Words only: what is almost right is refused. */
export function audienceNearMiss(audiences: readonly string[], accepted: readonly string[]): string | undefined {
  for (const audience of audiences.slice(0, MAX_COMPARED)) {
    for (const listed of accepted.slice(0, MAX_COMPARED)) {
      const difference = differenceOf(audience, listed);
      if (difference !== undefined) return `aud is ${difference} ${quoted(listed)}. ${advice(difference)}`;
    }
  }
  return byForm(audiences, accepted);
}

type Difference =
  'in another case than' | 'in slashes unlike' | 'with the prefix spn:, unlike' | 'with a scope behind it, unlike';

function differenceOf(audience: string, listed: string): Difference | undefined {
  if (audience.toLowerCase() === listed.toLowerCase()) return 'in another case than';
  if (withoutSlashes(audience) === withoutSlashes(listed)) return 'in slashes unlike';
  if (audience.toLowerCase().startsWith('spn:') && withoutSlashes(audience.slice(4)) === withoutSlashes(listed))
    return 'with the prefix spn:, unlike';
  return audience.startsWith(`${withoutTrailing(listed)}/`) ? 'with a scope behind it, unlike' : undefined;
}

function advice(difference: Difference): string {
  return difference === 'with a scope behind it, unlike'
    ? 'Request the scope at the authority (for example with /.default) and send the token that comes back; as a resource, name the App ID URI alone.'
    : 'Audiences are compared exactly: spell the App ID URI in the scope of the client as in the API registration, or list this spelling too.';
}

function withoutTrailing(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}

function withoutSlashes(text: string): string {
  return text
    .toLowerCase()
    .replace(/\/+$/u, '')
    .replace(/([^:/])\/{2,}/gu, '$1/');
}

/** The client id where a URI is listed, or the reverse: what of the two is in `aud` follows the version of the token. */
function byForm(audiences: readonly string[], accepted: readonly string[]): string | undefined {
  const hasId = audiences.some((audience) => GUID.test(audience));
  const hasUri = audiences.some((audience) => audience.includes(':'));
  const listsId = accepted.some((audience) => GUID.test(audience));
  const listsUri = accepted.some((audience) => audience.startsWith('api://'));
  if (hasId && !listsId && listsUri)
    return 'aud is a client id, as in v2 tokens, and only App ID URIs are listed: list the client id of the API, or have the client request a scope of this API.';
  if (hasUri && listsId && !listsUri)
    return 'aud is a URI, as in v1 tokens, and only client ids are listed: set requestedAccessTokenVersion to 2 in the API registration, list this App ID URI, or have the client request a scope of this API.';
  return undefined;
}
