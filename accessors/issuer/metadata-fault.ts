/** Why a key set could not be taken over: a closed list, so that it can label a counter. */
export type MetadataFaultReason =
  | 'address-refused'
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'content-type'
  | 'too-large'
  | 'not-json'
  | 'issuer-mismatch'
  | 'jwks-address'
  | 'cloud-mismatch'
  | 'keys-collapsed'
  | 'no-usable-key';

/** A fetch that ended without a key set. It never leaves this folder: the key set keeps what it has. */
export class MetadataFault extends Error {
  override readonly name = 'MetadataFault';

  constructor(
    readonly reason: MetadataFaultReason,
    /** For the operator's log; holds addresses from configuration and discovery, never a body. */
    message: string,
  ) {
    super(message);
  }
}
