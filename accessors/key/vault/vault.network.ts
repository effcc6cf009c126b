import { request as httpRequest } from 'node:http';
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import type { VaultHttp, VaultHttpAnswer, VaultHttpRequest } from './vault.http.js';

const SAFE = /^[\w.-]{1,64}$/;
const PLATFORM_TIMEOUT_MS = 5_000;
const MOST_BYTES = 64 * 1024;

/**
 * The network of one token request of msal-node. It remembers how the request went, since the errors of the library leave it out.
 * The endpoint of managed identities speaks plain HTTP to an address of the machine itself; nothing else may.
 */
export class VaultNetwork implements INetworkModule {
  private last = 'the token endpoint was not reached';

  constructor(private readonly deps: { readonly http: VaultHttp }) {}

  /** How the last request went, in the parts that are safe to log. */
  described(): string {
    return this.last;
  }

  sendGetRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    return this.send({ method: 'GET', url: new URL(url), headers: options?.headers ?? {} });
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    const { headers = {}, body = '' } = options ?? {};
    return this.send({ method: 'POST', url: new URL(url), headers, body });
  }

  private async send<T>(request: VaultHttpRequest): Promise<NetworkResponse<T>> {
    this.last = `${request.url.host} was not reached`;
    const answer = request.url.protocol === 'https:' ? await this.deps.http.send(request) : await sendToPlatform(request);
    const body = parsed(answer.text);
    this.last = `${request.url.host} answered ${answer.status} ${describedBody(body)}`;
    // The library checks what it reads; its interface alone says that the body has a type.
    return { status: answer.status, headers: flat(answer.headers), body: body as T };
  }
}

function describedBody(body: object): string {
  const { error, suberror, error_codes: codes }: { error?: unknown; suberror?: unknown; error_codes?: unknown } = body;
  const numbers = Array.isArray(codes) ? codes.filter((code) => typeof code === 'number') : [];
  return [error, suberror]
    .filter((part): part is string => typeof part === 'string' && SAFE.test(part))
    .concat(numbers.map((code) => `AADSTS${code}`))
    .join(' ');
}

function flat(headers: VaultHttpAnswer['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : (value ?? '')]),
  );
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** SECURITY: link-local and loopback alone; the token would be readable on any other way. */
function sendToPlatform({ method, url, headers, body }: VaultHttpRequest): Promise<VaultHttpAnswer> {
  if (!/^(169\.254\.\d+\.\d+|127\.\d+\.\d+\.\d+|localhost)$/.test(url.hostname)) {
    return Promise.reject(new Error('plain HTTP is for the machine itself alone'));
  }
  return new Promise((resolve, reject) => {
    const options = { method, headers, timeout: PLATFORM_TIMEOUT_MS, signal: AbortSignal.timeout(PLATFORM_TIMEOUT_MS) };
    const sent = httpRequest(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) sent.destroy(new Error('the answer is too large'));
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, remoteAddress: url.hostname }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
