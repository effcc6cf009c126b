import { status } from '@grpc/grpc-js';
import type { GatewayRequest } from '#managers/authorization/gateway.contract.js';
import { type HeaderValueOption, HeaderValueOption_HeaderAppendAction } from '#protos/generated/envoy/config/core/v3/base.js';
import type { AttributeContext_HttpRequest } from '#protos/generated/envoy/service/auth/v3/attribute_context.js';
import type { CheckRequest, CheckResponse, DeniedHttpResponse } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import type { GatewayAnswer } from '../gateway.answers.js';

/** What the sender of a request could have written so as to be taken for us, also as CGI and its kin spell it. */
const OURS = /^x[-_]countersign[-_]/;
/** By these an application may take the request for another one than was asked about: of another method, or for another path. */
const OTHERWISE: ReadonlySet<string> = new Set([
  ...['x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-url', 'x-rewrite-url'],
]);

export interface ReadCheck {
  readonly request: GatewayRequest;
  /** Names of headers that its sender had no business to send: only this service may, or the gateway. */
  readonly forged: readonly string[];
}

export function readCheckRequest({ attributes }: CheckRequest): ReadCheck {
  const http = attributes?.request?.http;
  const extensions = attributes?.contextExtensions ?? {};
  const { authorization, forged } = http === undefined ? NO_HEADERS : headersOf(http);
  return {
    forged,
    request: {
      method: http?.method ?? '',
      target: http?.path ?? '',
      authorization,
      configured: {
        audience: present(extensions['audience']),
        tenant: present(extensions['tenant']),
        permission: present(extensions['permission']),
      },
    },
  };
}

/** Every action is said: the enumeration begins with one that appends to what the sender wrote. */
export function checkResponse(answer: GatewayAnswer, forged: readonly string[]): CheckResponse {
  const headers = [...answer.headers].map(overwriting);
  if (answer.status !== 200) {
    const value: DeniedHttpResponse = { status: { code: answer.status }, headers, body: answer.body };
    const httpResponse =
      answer.status === 503 ? ({ $case: 'errorResponse', value } as const) : ({ $case: 'deniedResponse', value } as const);
    return { status: statusOf(answer), httpResponse, dynamicMetadata: answer.metadata };
  }
  // SECURITY: never one header in both lists: which of them Envoy heeds is its own affair.
  const removed = forged.filter((name) => !answer.headers.has(name));
  const headersToRemove = answer.removes.length === 0 ? removed : [...new Set([...answer.removes, ...removed])];
  return {
    status: statusOf(answer),
    httpResponse: { $case: 'okResponse', value: { headers, headersToRemove } },
    dynamicMetadata: answer.metadata,
  };
}

const GRPC_CODES = {
  200: status.OK,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  503: status.UNAVAILABLE,
} as const;

function statusOf({ status: http, code }: GatewayAnswer): NonNullable<CheckResponse['status']> {
  return { code: GRPC_CODES[http], message: http === 200 ? '' : code, details: [] };
}

function overwriting([key, value]: readonly [string, string]): HeaderValueOption {
  return {
    header: { key, value, rawValue: NO_BYTES },
    appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  };
}

const NO_BYTES = Buffer.alloc(0);
const NO_HEADERS = { authorization: [], forged: [] } as const;

/** SECURITY: whichever of the two ways the headers came: the names are compared in lower case, and nothing of one is hidden by the other. */
function headersOf({ headers, headerMap }: AttributeContext_HttpRequest): {
  readonly authorization: readonly string[];
  readonly forged: readonly string[];
} {
  const authorization: string[] = [];
  const forged = new Set<string>();
  const take = (key: string, valueOf: () => string): void => {
    const name = key.toLowerCase();
    if (name === 'authorization') authorization.push(valueOf());
    else if (OURS.test(name) || OTHERWISE.has(name)) forged.add(name);
  };
  for (const key of Object.keys(headers)) take(key, () => headers[key] ?? '');
  for (const { key, value, rawValue } of headerMap?.headers ?? [])
    take(key, () => (rawValue.length > 0 ? Buffer.from(rawValue).toString('latin1') : value));
  return { authorization, forged: [...forged] };
}

function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
