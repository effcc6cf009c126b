import { documentUrl } from '../bounded-fetch.js';
import type { TokenSource } from './token-source.js';

export interface AuthorizedFetchOptions {
  /** The one origin that gets tokens: `https://billing.acme.example`, or one of this machine. */
  readonly origin: string;
  readonly source: TokenSource;
}

export interface AuthorizedRequest extends Omit<RequestInit, 'redirect'> {
  /** Whose call it is: the token that this program was called with. */
  readonly subjectToken?: string | undefined;
  /** Until there is a token; milliseconds from now; left out: 10,000. `signal` ends the request as a whole. */
  readonly tokenDeadlineMs?: number | undefined;
}

/**
 * `fetch` for one origin, with a token of the source. Where there is none it throws and makes no request.
 *
 * @param path within the origin, with its query
 * @throws CountersignError when there is no token
 * @throws TypeError for another origin, or when the request has an authorization of its own
 */
export type AuthorizedFetch = (path: string | URL, request?: AuthorizedRequest) => Promise<Response>;

const UNAUTHORIZED = 401;

/**
 * A request that is answered with 401 is made once more with a new token, if the one that was refused is 30 s old and the body can be
 * sent again. SECURITY: a token goes to this origin alone; redirects are not followed, they are the answer.
 *
 * @throws TypeError when the token would be sent in the clear
 */
export function createAuthorizedFetch({ origin: text, source }: AuthorizedFetchOptions): AuthorizedFetch {
  const { origin, href } = documentUrl(text);
  if (href !== `${origin}/`) throw new TypeError(`${text} is not an origin: scheme, host and port`);
  return async (path, { subjectToken, tokenDeadlineMs, ...request } = {}) => {
    const url = new URL(path, href);
    if (url.origin !== origin || url.username !== '') throw new TypeError(`${url.origin} is not ${origin}`);
    if (new Headers(request.headers).has('authorization')) throw new TypeError('the request has an authorization of its own');
    const signal = request.signal ?? undefined;
    const asked = { subjectToken, deadlineMs: tokenDeadlineMs, signal };
    const token = await source.token(asked);
    const response = await send(url, request, token.authorization);
    if (response.status !== UNAUTHORIZED || !canBeSentAgain(request.body) || !source.drop(token)) return response;
    await response.body?.cancel();
    return send(url, request, (await source.token(asked)).authorization);
  };
}

function send(url: URL, request: RequestInit, authorization: string): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('authorization', authorization);
  return fetch(url, { ...request, headers, redirect: 'manual' });
}

/** A stream is gone once it was read. */
function canBeSentAgain(body: RequestInit['body']): boolean {
  const kinds = [URLSearchParams, Blob, FormData, ArrayBuffer];
  return (
    body === null ||
    body === undefined ||
    typeof body === 'string' ||
    ArrayBuffer.isView(body) ||
    kinds.some((kind) => body instanceof kind)
  );
}
