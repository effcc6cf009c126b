import { status, type StatusObject } from '@grpc/grpc-js';
import { CountersignError, NO_HELP_BASE, type Speaker } from '../../countersign-error.js';
import { reasonFrom, safeText, toldByService } from '../told.js';
import { fetchErrorOf } from './fetch-failure.js';
import { readRpcDetails, type RpcDetails } from './rpc-details.js';

const DOMAIN = 'countersign';
const HELP = `${NO_HELP_BASE}docs/sdk/calling.md`;
const HELP_URL = /^https:\/\/[\x21-\x7e]{1,500}$/;
const MOST_RETRY_SECONDS = 3_600;

interface Sign {
  readonly reason: string;
  readonly saidBy: Speaker;
  readonly message: string;
  readonly when: (details: string, code: status) => boolean;
}

const begins = (start: string) => (details: string) => details.startsWith(start);
const holds = (part: string) => (details: string) => details.includes(part);

/** What grpc-js writes where no program answered. The first that is true counts. */
const SIGNS: readonly Sign[] = [
  {
    reason: 'CALLER_TOKEN_FETCH',
    saidBy: 'own-token',
    message: 'There was no token for the call.',
    when: begins('Getting metadata from plugin failed'),
  },
  {
    reason: 'HOP_ANSWERED',
    saidBy: 'hop',
    message: 'A proxy answered in the place of the service.',
    when: begins('Received HTTP status code'),
  },
  {
    reason: 'HOP_ANSWERED',
    saidBy: 'hop',
    message: 'The header block of the call is too large for something on the way.',
    when: begins('Bandwidth exhausted or memory limit exceeded'),
  },
  {
    reason: 'NOT_CONNECTED',
    saidBy: 'transport',
    message: 'There is no connection to the service.',
    when: (details) => details.startsWith('No connection established') || details.startsWith('Name resolution failed'),
  },
  {
    reason: 'NOT_CONNECTED',
    saidBy: 'transport',
    message: 'There was no connection to the service before the deadline.',
    when: holds('Waiting for LB pick'),
  },
  {
    reason: 'HANDLER_SLOW',
    saidBy: 'peer',
    message: 'The service was reached and had not answered by the deadline.',
    when: (details, code) => code === status.DEADLINE_EXCEEDED && details.includes('remote_addr='),
  },
];

/** AIP-194: the one code after which the same call may be made again. */
const PASSING: ReadonlySet<status> = new Set([status.UNAVAILABLE]);

/**
 * A failed call in words: with the details of Countersign, what it or a guard of this package said; without, who ended the call. An
 * error that is a CountersignError already stays what it is, and so does the one for which a call was not made.
 */
export function countersignErrorOf(error: StatusObject | CountersignError): CountersignError {
  if (error instanceof CountersignError) return error;
  const own = fetchErrorOf(error.metadata);
  if (own !== undefined) return own;
  const [packed] = error.metadata.get('grpc-status-details-bin');
  const details = packed instanceof Buffer ? readRpcDetails(packed) : null;
  return fromDetails(error, details) ?? fromSigns(error);
}

function fromDetails({ code, details: message }: StatusObject, details: RpcDetails | null): CountersignError | undefined {
  const reason = reasonFrom(details?.errorInfo?.reason);
  if (details?.errorInfo?.domain !== DOMAIN || reason === undefined) return undefined;
  const { retryDelaySeconds, helpUrl, errorInfo } = details;
  const diagnosticId = errorInfo.metadata.get('diagnostic_id');
  return toldByService({
    reason,
    message,
    diagnosticId,
    retryable: PASSING.has(code) || retryDelaySeconds !== null,
    retryAfterSeconds: boundedRetry(retryDelaySeconds),
    helpUrl: HELP_URL.exec(helpUrl ?? '')?.[0],
  });
}

function boundedRetry(seconds: number | null): number | undefined {
  return seconds === null ? undefined : Math.min(seconds, MOST_RETRY_SECONDS);
}

function fromSigns(error: StatusObject): CountersignError {
  const { code, details } = error;
  const sign = SIGNS.find(({ when }) => when(details, code));
  const retryable = PASSING.has(code);
  const cause = new Error(`${status[code]}: ${safeText(details, 'no details')}`);
  const reason = sign?.reason ?? 'CALL_REFUSED';
  const message = sign?.message ?? `The service answered ${status[code]}.`;
  const helpUrl = `${HELP}#${reason.toLowerCase()}`;
  return new CountersignError({ reason, message, retryable, helpUrl, saidBy: sign?.saidBy ?? 'peer' }, cause);
}
