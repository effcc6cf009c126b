import type { FastifyRequest } from 'fastify';
import type { ClientCredentials } from '#managers/authorization/contract.js';
import type { GatewayRequest } from '#managers/authorization/gateway.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { settleCredentials } from '../sent-credentials.js';
import { FORWARD_AUTH_PATH } from './routes.js';

/** The one header by which a gateway says who it is; `authorization` is that of the request it asks about. */
const GATEWAY_HEADER = 'x-countersign-gateway';

/** How gateways hand on what they were asked for: nginx and Ingress, Traefik and Caddy. */
const FORMS = [
  { target: 'x-original-uri', method: 'x-original-method' },
  { target: 'x-forwarded-uri', method: 'x-forwarded-method' },
] as const;

const WHOLE = 'x-original-url';

/**
 * The credentials of the gateway: `Basic …` as in RFC 7617, or `Certificate CLIENT_ID` with a client certificate on the connection.
 *
 * SECURITY: a gateway hands on whatever headers it was sent, so no other one counts, and it has to set this one itself.
 */
export function gatewayCredentials(request: FastifyRequest): ClientCredentials {
  const [value, second] = valuesOf(request, GATEWAY_HEADER);
  if (value === undefined || second !== undefined) return { method: value === undefined ? 'none' : 'unreadable' };
  const [, clientId] = /^Certificate (\S{1,512})$/i.exec(value) ?? [];
  return settleCredentials({
    authorization: clientId === undefined ? value : undefined,
    clientId,
    clientSecret: undefined,
    assertion: undefined,
    assertionType: undefined,
  });
}

/**
 * What the gateway was asked for.
 *
 * SECURITY: exactly one way of saying it. Where two are there, the sender of the request may have written one of them.
 *
 * @throws CodedError `REQUEST_PARAMETER_MISSING`, `REQUEST_PARAMETER_REPEATED`, `REQUEST_PARAMETER_INVALID`
 */
export function forwardedRequest(request: FastifyRequest): GatewayRequest {
  const authorization = valuesOf(request, 'authorization');
  const url = request.raw.url ?? '';
  const forms = FORMS.filter(({ target, method }) => isThere(request, target) || isThere(request, method));
  if (url.startsWith(`${FORWARD_AUTH_PATH}/`)) {
    if (forms.length > 0) throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: forms[0]?.target ?? '' });
    return { method: request.method, target: url.slice(FORWARD_AUTH_PATH.length), authorization, configured: NOTHING_CONFIGURED };
  }
  const [form, other] = forms;
  if (form === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { field: FORMS[0].target });
  if (other !== undefined) throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: other.target });
  const target = sole(request, form.target);
  // SECURITY: ingress-nginx says the whole URL each time, and the path alone only with `auth-method`: without that, its sender does.
  if (valuesOf(request, WHOLE).some((url) => !saysPath(url, target)))
    throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: WHOLE });
  return {
    method: sole(request, form.method),
    target,
    authorization,
    configured: configuredIn(url),
  };
}

const NOTHING_CONFIGURED = { audience: undefined, tenant: undefined, permission: undefined } as const;
const NAMES: ReadonlySet<string> = new Set(['audience', 'tenant', 'permission']);

/** The query of the address that the gateway is configured with. Nobody else can write into it. */
function configuredIn(url: string): GatewayRequest['configured'] {
  const mark = url.indexOf('?');
  if (mark === -1) return NOTHING_CONFIGURED;
  const query = new URLSearchParams(url.slice(mark + 1));
  for (const name of query.keys()) {
    if (!NAMES.has(name)) throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'query', expected: [...NAMES].join(', ') });
    if (query.getAll(name).length > 1) throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: name });
  }
  const present = (name: string): string | undefined => query.get(name) ?? undefined;
  return { audience: present('audience'), tenant: present('tenant'), permission: present('permission') };
}

function saysPath(url: string, target: string): boolean {
  const [, path = ''] = /^https?:\/\/[^/?#]+(\/.*)$/i.exec(url) ?? [];
  return path === target;
}

function sole(request: FastifyRequest, name: string): string {
  const [value, second] = valuesOf(request, name);
  if (value === undefined || value === '') throw new CodedError('REQUEST_PARAMETER_MISSING', { field: name });
  if (second !== undefined) throw new CodedError('REQUEST_PARAMETER_REPEATED', { field: name });
  return value;
}

function isThere({ headers }: FastifyRequest, name: string): boolean {
  return headers[name] !== undefined;
}

/** As they were sent: Node keeps the first of two for some names, and joins them for others. */
function valuesOf({ raw: { rawHeaders } }: FastifyRequest, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index];
    if (sent?.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
