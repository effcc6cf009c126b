/** What a client shows in the handshake, and whom it trusts in it; PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Left out: what the process trusts, and no certificate of its own. */
  readonly tls?: TlsMaterial | undefined;
}

export interface PostAnswer {
  readonly status: number;
  /** In lower case. */
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly body: string;
}

/**
 * Posts a form and reads at most 64 KiB of an answer. Redirects are not followed: they are the answer.
 *
 * @throws Error when there was no whole answer
 */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

export const MOST_ANSWER_BYTES = 65_536;
