import { CountersignError, NO_HELP_BASE } from '../countersign-error.js';

interface Meaning {
  readonly summary: string;
  readonly saidBy: 'here' | 'transport' | 'hop';
}

/** All of them may pass: nothing was found against anybody's token. */
const MEANINGS = {
  TOKEN_ENDPOINT_UNREACHABLE: { summary: 'The token endpoint cannot be reached.', saidBy: 'transport' },
  TOKEN_ENDPOINT_BEHIND_HOP: { summary: 'A proxy answered in the place of the token endpoint.', saidBy: 'hop' },
  TOKEN_ENDPOINT_ANSWER_INVALID: { summary: 'The token endpoint did not answer as it should.', saidBy: 'hop' },
  TOKEN_SOURCE_BUSY: { summary: 'Too many tokens are being asked for at once.', saidBy: 'here' },
  TOKEN_SOURCE_CLOSED: { summary: 'The source of tokens was closed.', saidBy: 'here' },
  TOKEN_DEADLINE_EXCEEDED: { summary: 'There was no token before the deadline of the call.', saidBy: 'here' },
  SUBJECT_TOKEN_UNAVAILABLE: { summary: 'The token to exchange cannot be had.', saidBy: 'here' },
  CLIENT_PROOF_UNAVAILABLE: { summary: 'What this client proves itself with cannot be read.', saidBy: 'here' },
} satisfies Record<string, Meaning>;

export type CallerReason = keyof typeof MEANINGS;

export const CALLER_REASONS = Object.keys(MEANINGS) as readonly CallerReason[];

const HELP = `${NO_HELP_BASE}docs/sdk/calling.md`;

export function callerError(
  reason: CallerReason,
  more: { readonly cause?: unknown; readonly retryAfterSeconds?: number | undefined } = {},
): CountersignError {
  const { summary: message, saidBy } = MEANINGS[reason];
  const helpUrl = `${HELP}#${reason.toLowerCase()}`;
  const { cause, retryAfterSeconds } = more;
  return new CountersignError({ reason, message, retryable: true, helpUrl, saidBy, retryAfterSeconds }, cause);
}
