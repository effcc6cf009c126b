/** What the stand-in is about to send. */
export interface IssuerAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly location?: string;
  readonly retryAfter?: string;
  /** Blanks to send after the body, to make it huge. */
  readonly padding?: number;
  /** To send instead of `body`. */
  readonly bytes?: Buffer;
  readonly contentEncoding?: string;
  /** Sent one byte at a time, whatever the knob says. */
  readonly drip?: boolean;
  /** Promised in the header; the connection breaks off before. */
  readonly promisedLength?: number;
}

export const STAND_IN = 'Stand-in for development and tests; this is not Microsoft Entra ID';

export function jsonAnswer(body: unknown, status = 200): IssuerAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}
