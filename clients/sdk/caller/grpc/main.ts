/** What `@countersign/sdk/client/grpc` gives: for clients of `@grpc/grpc-js`. */
export { type AuthorizedClientOptions, createAuthorizedClient, onBehalfOf } from './authorized-client.js';
export { countersignErrorOf } from './status-error.js';
