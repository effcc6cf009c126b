/**
 * What every operation is told about the call it serves: the explicit first argument of each contract.
 */
export interface CallContext {
  /** Names this call in the answer, the log and the audit record; a random UUID. */
  readonly diagnosticId: string;
  readonly transport: 'rest' | 'grpc' | 'cli' | 'timer';
  /** `sub` of the operator who asks, once authorized; goes into the records of what is changed. */
  readonly operator?: string;
  /** Wall-clock milliseconds after which nobody waits for the answer. */
  readonly deadline?: number;
}
