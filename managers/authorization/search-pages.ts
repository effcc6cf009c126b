import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PageRequest } from './access-search.contract.js';

/** Which search of whom it is: a token is good for this one alone. */
export interface Searched {
  readonly kind: 'action' | 'subject' | 'resource';
  readonly clientId: string;
  /** Everything that was asked. Bounded, and nothing but what JSON can say. */
  readonly query: object;
}

export interface SearchPage {
  readonly limit: number;
  /** What the page before ended with; `null`: this is the first. */
  readonly after: string | null;
}

const USUAL = 50;
const MOST = 100;
/** Longer than any that is made here. */
const MOST_CHARACTERS = 8_192;

/**
 * Tokens for the next page: how large pages are and what the last one ended with, and a keyed digest of that and of the whole question.
 *
 * SECURITY: a place that anybody could make up, or take from another question, would tell of what is between.
 */
export class SearchPages {
  constructor(private readonly deps: { readonly keyAccess: Pick<KeyAccess, 'keyedDigest'> }) {}

  /** @throws CodedError `REQUEST_PARAMETER_INVALID` */
  open(context: CallContext, searched: Searched, { limit, token }: PageRequest): SearchPage {
    if (limit !== null && !(Number.isInteger(limit) && limit >= 1)) throw invalid('page.limit', 'a whole number from 1');
    const wanted = limit === null ? null : Math.min(limit, MOST);
    if (token === null) return { limit: wanted ?? USUAL, after: null };
    const page = this.read(context, searched, token);
    if (page === undefined || (wanted !== null && wanted !== page.limit)) {
      throw invalid('page.token', 'next_token of the page before, and everything else as it was');
    }
    return page;
  }

  write(context: CallContext, searched: Searched, { limit, after }: SearchPage): string {
    const content = Buffer.from(JSON.stringify([limit, after]), 'utf8').toString('base64url');
    return `${content}.${this.digest(context, searched, content)}`;
  }

  private read(context: CallContext, searched: Searched, token: string): SearchPage | undefined {
    if (token.length > MOST_CHARACTERS) return undefined;
    const [content = ''] = token.split('.', 1);
    if (!isSame(`${content}.${this.digest(context, searched, content)}`, token)) return undefined;
    // What follows was written by `write`.
    const [limit, after] = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as [number, string];
    return { limit, after };
  }

  /** A line of its own before it: no consistency token begins so, which the same secret makes. */
  private digest(context: CallContext, { kind, clientId, query }: Searched, content: string): string {
    const asked = createHash('sha256').update(canonical({ kind, clientId, query })).digest('base64url');
    return this.deps.keyAccess.keyedDigest(context, 'consistency-token', `search-page\n${asked}\n${content}`);
  }
}

/** The same text for the same value, in whatever order its members came. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

function isSame(one: string, other: string): boolean {
  const [mine, theirs] = [Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8')];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

function invalid(field: string, expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field, expected });
}
