import type { Certainty, RankedCause } from './contract.js';
import { ASSERTIONS } from './entra/assertions.js';
import { CLIENT_CREDENTIALS } from './entra/client-credentials.js';
import { CONSENT } from './entra/consent.js';
import type { EntraCause } from './entra/entry.js';
import { REQUESTS } from './entra/requests.js';
import { SIGN_IN } from './entra/sign-in.js';
import { TENANTS } from './entra/tenants.js';
import { TOKEN_NOT_ISSUED } from './entra/token-not-issued.js';
import type { Reader } from './readers.js';

export const ENTRA_CAUSES: readonly EntraCause[] = [
  ...CLIENT_CREDENTIALS,
  ...ASSERTIONS,
  ...CONSENT,
  ...SIGN_IN,
  ...TENANTS,
  ...REQUESTS,
  ...TOKEN_NOT_ISSUED,
];

const BY_NUMBER: ReadonlyMap<number, readonly EntraCause[]> = new Map(
  ENTRA_CAUSES.flatMap(({ numbers }) => numbers).map((number) => [
    number,
    ENTRA_CAUSES.filter((cause) => cause.numbers.includes(number)),
  ]),
);

const NAMED = /AADSTS(\d{5,7})(?!\d)/g;
const LISTED = /"error_codes"\s*:\s*\[([\d,\s]{1,200})\]/g;

/** What in the text makes one of several causes of a number the likely one. */
const HINTS: Readonly<Record<string, RegExp>> = {
  ENTRA_SYMMETRIC_KEY_ON_API: /symmetric|signing key/i,
  ENTRA_ON_BEHALF_OF_PARAMETERS_WRONG: /on_behalf_of|on-behalf-of|\bobo\b|assertion/i,
  ENTRA_NO_DELEGATED_SCOPE: /delegated|\.default|scope/i,
  ENTRA_SERVICE_PRINCIPAL_NOT_CONSENTED: /service principal|consent|device/i,
  ENTRA_PASSWORD_OUT_OF_SYNC: /password|session|sync/i,
  ENTRA_WRONG_CLOUD: /\.us\b|\.cn\b|cloud/i,
};

/** Errors of the token endpoint of Microsoft Entra ID. The numbers are for people: nothing may be decided by them. */
export const readEntra: Reader = (text) => {
  const numbers = new Set([
    ...[...text.matchAll(NAMED)].map(([, digits]) => Number(digits)),
    ...[...text.matchAll(LISTED)].flatMap(([, list = '']) => list.split(',').map(Number)),
  ]);
  const causes = [...numbers].flatMap((number) => causesOf(number, text));
  return numbers.size === 0 ? undefined : { saidBy: 'identity-provider', causes };
};

function causesOf(number: number, text: string): readonly RankedCause[] {
  const known = BY_NUMBER.get(number) ?? [];
  const reading = `AADSTS${String(number)}`;
  if (known.length === 0) return [{ known: unlisted(number), certainty: 'likely', reading }];
  return known.map((cause, at) => ({ known: cause, certainty: certaintyOf(cause, { at, of: known.length, text }), reading }));
}

function certaintyOf({ code }: EntraCause, { at, of, text }: { at: number; of: number; text: string }): Certainty {
  if (of === 1) return 'certain';
  return HINTS[code]?.test(text) === true || at === 0 ? 'likely' : 'possible';
}

function unlisted(number: number): RankedCause['known'] {
  return {
    code: 'ENTRA_ERROR_UNLISTED',
    cause: 'Microsoft Entra ID refused, for a reason that is not in this list.',
    evidence: 'The description beside the number.',
    remedy: [
      `Look the number up: https://login.microsoftonline.com/error?code=${String(number)}`,
      'Find the sign-in by its correlation id in the sign-in log of the tenant.',
    ],
    retry: 'never',
    fixedBy: 'tenant-admin',
    source: 'learn.microsoft.com: Microsoft Entra authentication and authorization error codes',
  };
}
