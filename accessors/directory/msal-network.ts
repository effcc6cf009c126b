import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { type DirectoryFault, isDirectoryFault } from './directory-fault.js';
import type { OutboundCall, OutboundSender } from './outbound.sender.js';

/** What a token endpoint answered last, in the parts that are safe to log and to decide on. */
export interface LastAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly error: string | null;
  readonly suberror: string | null;
  /** AADSTS numbers; for people, never decided on. */
  readonly codes: readonly number[];
  readonly traceId: string | null;
  /** JSON of a claims request, where the user has to prove more. */
  readonly claims: string | null;
}

const MOST_CLAIMS = 2_048;
const SAFE = /^[\w.-]{1,64}$/;

/**
 * The network of one token request of msal-node. It remembers how the request went, because the errors of the library leave
 * out status and Retry-After.
 */
export class MsalNetwork implements INetworkModule {
  last: LastAnswer | null = null;
  fault: DirectoryFault | null = null;

  constructor(private readonly sender: Pick<OutboundSender, 'send'>) {}

  sendGetRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    return this.send({ method: 'GET', url, headers: options?.headers ?? {} });
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    const { headers = {}, body = '' } = options ?? {};
    return this.send({ method: 'POST', url, headers, body });
  }

  private async send<T>(call: OutboundCall): Promise<NetworkResponse<T>> {
    try {
      const { status, headers, text } = await this.sender.send(call);
      const body = parsed(text);
      this.last = answerOf(status, headers['retry-after'], body);
      // The library checks what it reads; its interface alone says that the body has a type.
      return { status, headers: { ...headers }, body: (body ?? {}) as T };
    } catch (error) {
      if (isDirectoryFault(error)) this.fault = error;
      throw error;
    }
  }
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function answerOf(status: number, retryAfter: string | undefined, body: object | null): LastAnswer {
  const members: Readonly<Record<string, unknown>> = body === null ? {} : { ...body };
  const codes = members['error_codes'];
  return {
    status,
    retryAfter,
    error: body === null ? 'not-json' : safe(members['error']),
    suberror: safe(members['suberror']),
    codes: Array.isArray(codes) ? codes.filter((code) => typeof code === 'number') : [],
    traceId: safe(members['trace_id']),
    claims: claimsRequest(members['claims']),
  };
}

/** Passed on to the client as it is, so it has to be what it should be. */
function claimsRequest(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MOST_CLAIMS && parsed(value) !== null ? value : null;
}

function safe(value: unknown): string | null {
  return typeof value === 'string' && SAFE.test(value) ? value : null;
}
