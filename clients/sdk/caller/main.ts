/** What `@countersign/sdk/client` gives: tokens for the services that this program calls. */
export { CountersignError, type Speaker } from '../countersign-error.js';
export type { AccessToken } from './access-token.js';
export {
  type AuthorizedFetch,
  type AuthorizedFetchOptions,
  type AuthorizedRequest,
  createAuthorizedFetch,
} from './authorized-fetch.js';
export { CALLER_REASONS, type CallerReason } from './caller-error.js';
export type { AssertionKey } from './client-assertion.js';
export type { ClientCredentials, TlsFiles } from './client-credentials.js';
export { createTokenSource, type TokenRequest, type TokenSource, type TokenSourceOptions } from './token-source.js';
