/** `google.rpc.Status` with the details that a refusal has, as protobuf bytes: few fields, so no generated code is needed. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly errorInfo: {
    readonly reason: string;
    readonly domain: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly help: { readonly description: string; readonly url: string };
  readonly retryDelaySeconds?: number | undefined;
}

const TYPE_URL = 'type.googleapis.com/google.rpc.';
const VARINT = 0;
const DELIMITED = 2;

export function encodeRpcStatus({ code, message, errorInfo, help, retryDelaySeconds }: RpcStatus): Buffer {
  return Buffer.concat([
    whole(1, code),
    text(2, message),
    detail('ErrorInfo', errorInfoBytes(errorInfo)),
    detail('Help', bytes(1, Buffer.concat([text(1, help.description), text(2, help.url)]))),
    // `retry_delay` is a `google.protobuf.Duration`, whose first field are seconds.
    ...(retryDelaySeconds === undefined ? [] : [detail('RetryInfo', bytes(1, whole(1, retryDelaySeconds)))]),
  ]);
}

function errorInfoBytes({ reason, domain, metadata }: RpcStatus['errorInfo']): Buffer {
  const entries = Object.entries(metadata).map(([key, value]) => bytes(3, Buffer.concat([text(1, key), text(2, value)])));
  return Buffer.concat([text(1, reason), text(2, domain), ...entries]);
}

/** A `google.protobuf.Any` in the list of details. */
function detail(name: string, value: Buffer): Buffer {
  return bytes(3, Buffer.concat([text(1, TYPE_URL + name), bytes(2, value)]));
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + DELIMITED), varint(value.length), value]);
}

function whole(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8 + VARINT), varint(value)]);
}

function varint(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    digits.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...digits, rest]);
}
