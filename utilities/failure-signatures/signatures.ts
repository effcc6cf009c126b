import type { FailureSignature } from './contract.js';
import { CALLER_SIGNATURES } from './signatures/caller.signatures.js';
import { CONNECTION_SIGNATURES } from './signatures/connection.signatures.js';
import { HOP_SIGNATURES } from './signatures/hop.signatures.js';
import { STREAM_SIGNATURES } from './signatures/stream.signatures.js';
import { TLS_SIGNATURES } from './signatures/tls.signatures.js';

/** Where two are as certain, the one that stands first is told first: who says something definite before who says that it failed. */
export const SIGNATURES: readonly FailureSignature[] = [
  ...CALLER_SIGNATURES,
  ...TLS_SIGNATURES,
  ...CONNECTION_SIGNATURES,
  ...HOP_SIGNATURES,
  ...STREAM_SIGNATURES,
];
