/** What `grpc-status-details-bin` says, as far as it concerns a caller. */
export interface RpcDetails {
  readonly message: string;
  readonly errorInfo: {
    readonly reason: string;
    readonly domain: string;
    readonly metadata: ReadonlyMap<string, string>;
  } | null;
  readonly retryDelaySeconds: number | null;
  /** Of the first link. */
  readonly helpUrl: string | null;
}

interface Field {
  readonly number: number;
  /** Length-delimited fields; empty for others. */
  readonly bytes: Buffer;
  /** Varints; 0 for others. */
  readonly value: number;
}

const MOST_BYTES = 65_536;
const MOST_FIELDS = 200;
const TYPE_URL = 'type.googleapis.com/google.rpc.';
const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;
const FIXED_32 = 5;

/**
 * Reads a `google.rpc.Status`: few fields, so no generated code is needed. SECURITY: it comes from whoever answered. What is too long
 * or breaks off gives `null`, and nothing in it is believed but that somebody wrote it.
 */
export function readRpcDetails(packed: Buffer): RpcDetails | null {
  try {
    return read(packed);
  } catch {
    return null;
  }
}

function read(packed: Buffer): RpcDetails {
  const fields = fieldsOf(packed);
  const details = new Map<string, Buffer>();
  for (const { bytes } of fields.filter(({ number }) => number === 3)) {
    const any = fieldsOf(bytes);
    const type = text(any, 1);
    // Of each kind there is one (AIP-193): the first counts.
    if (type.startsWith(TYPE_URL) && !details.has(type)) details.set(type, bytesOf(any, 2));
  }
  const find = (name: string): Buffer | undefined => details.get(TYPE_URL + name);
  return {
    message: text(fields, 2),
    errorInfo: errorInfoOf(find('ErrorInfo')),
    retryDelaySeconds: retryDelayOf(find('RetryInfo')),
    helpUrl: helpUrlOf(find('Help')),
  };
}

function errorInfoOf(bytes: Buffer | undefined): RpcDetails['errorInfo'] {
  if (bytes === undefined) return null;
  const fields = fieldsOf(bytes);
  const metadata = new Map<string, string>();
  for (const entry of fields.filter(({ number }) => number === 3)) {
    const pair = fieldsOf(entry.bytes);
    metadata.set(text(pair, 1), text(pair, 2));
  }
  return { reason: text(fields, 1), domain: text(fields, 2), metadata };
}

/** Seconds of the `google.protobuf.Duration`, and one more for a fraction. */
function retryDelayOf(bytes: Buffer | undefined): number | null {
  const duration = bytes === undefined ? [] : fieldsOf(bytesOf(fieldsOf(bytes), 1));
  if (bytes === undefined) return null;
  const [seconds, nanos] = [1, 2].map((wanted) => duration.find(({ number }) => number === wanted)?.value ?? 0);
  return (seconds ?? 0) + ((nanos ?? 0) > 0 ? 1 : 0);
}

function helpUrlOf(bytes: Buffer | undefined): string | null {
  if (bytes === undefined) return null;
  return text(fieldsOf(bytesOf(fieldsOf(bytes), 1)), 2);
}

function text(fields: readonly Field[], number: number): string {
  return bytesOf(fields, number).toString('utf8');
}

function bytesOf(fields: readonly Field[], wanted: number): Buffer {
  return fields.find(({ number }) => number === wanted)?.bytes ?? Buffer.alloc(0);
}

function fieldsOf(message: Buffer): readonly Field[] {
  if (message.length > MOST_BYTES) throw new RangeError('too long');
  const reader = new Reader(message);
  const fields: Field[] = [];
  while (!reader.isAtEnd) {
    if (fields.length === MOST_FIELDS) throw new RangeError('too many fields');
    fields.push(reader.field());
  }
  return fields;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  field(): Field {
    const tag = this.varint();
    const number = Math.floor(tag / 8);
    const nothing = Buffer.alloc(0);
    switch (tag % 8) {
      case VARINT:
        return { number, value: this.varint(), bytes: nothing };
      case DELIMITED:
        return { number, value: 0, bytes: this.take(this.varint()) };
      case FIXED_64:
        return { number, value: 0, bytes: this.take(8) };
      case FIXED_32:
        return { number, value: 0, bytes: this.take(4) };
      default:
        throw new RangeError('no wire type');
    }
  }

  private varint(): number {
    let value = 0;
    for (let digit = 0; digit < 10; digit += 1) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte & 0x7f) * 128 ** digit;
      if (byte < 0x80) return value;
    }
    throw new RangeError('no number');
  }

  private take(length: number): Buffer {
    const end = this.at + length;
    if (!(end <= this.bytes.length)) throw new RangeError('it breaks off');
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
