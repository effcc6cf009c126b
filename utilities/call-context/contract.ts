/**
 * What every operation is told about the call it serves: the explicit first argument of each contract.
 */
export interface CallContext {
  /** Names this call in the answer, the log and the audit record; a random UUID. */
  readonly diagnosticId: string;
  readonly transport: 'rest' | 'grpc' | 'cli' | 'timer';
  /** Wall-clock milliseconds after which nobody waits for the answer. */
  readonly deadline?: number;
}
