import { randomBytes } from 'node:crypto';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';

const UTC_SECONDS = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });

export interface EntraFault {
  readonly error: string;
  /** The AADSTS number. */
  readonly code: number;
  readonly text: string;
}

/** An error body in the shape of the real token endpoint: the number is for people, `error` for programs. */
export function entraError({ error, code, text }: EntraFault, now: number): IssuerAnswer {
  const timestamp = `${UTC_SECONDS.format(now)}Z`;
  const traceId = traceIdentifier();
  const correlationId = traceIdentifier();
  const description = `AADSTS${String(code)}: ${text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`;
  const status = error === 'invalid_client' || error === 'unauthorized_client' ? 401 : 400;
  return jsonAnswer(
    { error, error_description: description, error_codes: [code], timestamp, trace_id: traceId, correlation_id: correlationId },
    status,
  );
}

function traceIdentifier(): string {
  const hex = randomBytes(16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
