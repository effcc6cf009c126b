import { CountersignError, NO_HELP_BASE } from '../countersign-error.js';

/** As the service writes its codes. */
const REASON = /^[A-Z][A-Z0-9_]{2,62}$/;
const DIAGNOSTIC_ID = /^[A-Za-z0-9._-]{8,64}$/;
const MOST_CHARACTERS = 300;
const HELP = `${NO_HELP_BASE}docs/errors`;

export interface ServiceWords {
  readonly reason: string;
  readonly message: unknown;
  readonly diagnosticId: unknown;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number | undefined;
  /** Left out: the page of the reason. */
  readonly helpUrl?: string | undefined;
}

/** A code of the service, if it is one. */
export function reasonFrom(value: unknown): string | undefined {
  return typeof value === 'string' && REASON.test(value) ? value : undefined;
}

export function toldByService(words: ServiceWords): CountersignError {
  const { reason, retryable, retryAfterSeconds, diagnosticId, helpUrl = `${HELP}/${reason}.md` } = words;
  return new CountersignError({
    reason,
    message: safeText(words.message, reason),
    retryable,
    retryAfterSeconds,
    helpUrl,
    saidBy: 'service',
    diagnosticId: typeof diagnosticId === 'string' && DIAGNOSTIC_ID.test(diagnosticId) ? diagnosticId : undefined,
  });
}

/** SECURITY: what comes from outside ends up in logs and terminals: printable, on one line, and short. */
export function safeText(value: unknown, otherwise: string): string {
  if (typeof value !== 'string' || value === '') return otherwise;
  return value.slice(0, MOST_CHARACTERS).replaceAll(/[^\x20-\x7e]/g, '?');
}
