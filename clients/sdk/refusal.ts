import { COUNTERSIGN_REASONS, type CountersignError, type Demand } from './countersign-error.js';

/** What a refusal is for the protocols, which know fewer kinds than there are reasons. */
export type RefusalKind = 'ambiguous' | 'missing' | 'invalid-token' | 'step-up' | 'permission' | 'undecided' | 'later';

const KINDS: Readonly<Record<string, RefusalKind>> = {
  AUTHORIZATION_AMBIGUOUS: 'ambiguous',
  TOKEN_MISSING: 'missing',
  STEP_UP_REQUIRED: 'step-up',
  PERMISSION_DENIED: 'permission',
  PERMISSIONS_BY_REFERENCE: 'permission',
  ACCESS_UNDECIDED: 'undecided',
};

export interface ChallengeSettings {
  readonly realm?: string | undefined;
  /** Address of the protected resource metadata (RFC 9728 §5.1). */
  readonly resourceMetadata?: string | undefined;
}

const REALM = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** RFC 6750 §3.1 and RFC 9470 §3. A request that brought nothing is told how to authenticate, and no more. */
const OAUTH_ERRORS: Readonly<Record<RefusalKind, string | null>> = {
  ambiguous: 'invalid_request',
  missing: null,
  'invalid-token': 'invalid_token',
  'step-up': 'insufficient_user_authentication',
  permission: 'insufficient_scope',
  undecided: 'insufficient_scope',
  later: null,
};

/**
 * What to make of an error at the edge of this program; `undefined`: it is not about who asked. SECURITY: what another service said
 * when a handler called it is about this program's own credentials. Passed on as 401, it would make callers drop good tokens.
 */
export function refusalKind(error: CountersignError): RefusalKind | undefined {
  if (error.saidBy !== 'here' || !(COUNTERSIGN_REASONS as readonly string[]).includes(error.reason)) return undefined;
  return error.retryable ? 'later' : (KINDS[error.reason] ?? 'invalid-token');
}

/** @throws TypeError when they could not be written into a header */
export function checkChallengeSettings({ realm, resourceMetadata }: ChallengeSettings): void {
  if (realm !== undefined && !REALM.test(realm)) throw new TypeError('the realm is printable text without quotes');
  if (resourceMetadata !== undefined && (!/^https?:[^"\\\s]+$/.test(resourceMetadata) || !URL.canParse(resourceMetadata)))
    throw new TypeError('resourceMetadata is a web address');
}

/** The value of `WWW-Authenticate`; `undefined`: other credentials would change nothing. */
export function challengeFor(error: CountersignError, settings: ChallengeSettings): string | undefined {
  const kind = refusalKind(error);
  if (kind === undefined || kind === 'later') return undefined;
  const oauth = OAUTH_ERRORS[kind];
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['realm', settings.realm],
    ...(oauth === null
      ? []
      : ([
          ['error', oauth],
          ['error_description', error.message],
        ] as const)),
    ...demandOf(error.demand ?? {}),
    ['resource_metadata', settings.resourceMetadata],
  ];
  const given = parameters.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}="${value ?? ''}"`);
  return given.length === 0 ? 'Bearer' : `Bearer ${given.join(', ')}`;
}

function demandOf({ permissions, acrValues, maxAgeSeconds }: Demand): readonly (readonly [string, string | undefined])[] {
  return [
    ['scope', permissions?.join(' ')],
    ['acr_values', acrValues?.join(' ')],
    ['max_age', maxAgeSeconds?.toString()],
  ];
}
