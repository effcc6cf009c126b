/** What `@countersign/sdk` gives: everything that a service needs which is handed tokens, and Node alone. */
export { type Access, authenticated, open, permissions, steppedUp } from './access.js';
export { COUNTERSIGN_REASONS, CountersignError, type CountersignReason, type Demand } from './countersign-error.js';
export { hasPermission, requirePermissions } from './permission-guards.js';
export type { SignatureAlgorithm } from './public-keys.js';
export { requireStepUp, type StepUp } from './step-up.js';
export type { ActorChain, Confirmation, VerifiedToken } from './verified-token.js';
export { createVerifier, type Shown, type Verifier, type VerifierOptions } from './verifier.js';
