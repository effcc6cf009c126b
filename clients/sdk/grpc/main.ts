/** What `@countersign/sdk/grpc` gives: for servers of `@grpc/grpc-js`. */
export { type Access, authenticated, open, permissions, steppedUp } from '../access.js';
export { refusalStatus, type RefusalSettings } from './refusal-status.js';
export { countersignInterceptor, type GrpcGuardOptions, tokenOf } from './server-interceptor.js';
export { createVerifier, type Verifier, type VerifierOptions } from '../verifier.js';
