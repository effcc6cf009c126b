/** Types of frames (RFC 9113 §6). */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export interface Frame {
  readonly type: number;
  readonly flags?: number;
  /** Default 0: the connection. */
  readonly stream?: number;
  readonly payload?: Buffer;
  /** What its head says, where that is a lie. */
  readonly length?: number;
}

export function frame({ type, flags = 0, stream = 0, payload = Buffer.alloc(0), length = payload.length }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame({ type: SETTINGS, payload: Buffer.concat(entries) });
}

/** A frame whose payload is one number of 32 bits: WINDOW_UPDATE, RST_STREAM. */
export function numbered(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame({ type, stream, payload });
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** HPACK (RFC 7541 §6.2.2): literals without indexing and without Huffman codes, whatever they say. */
export function block(headers: HeaderList): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

/** A literal that goes into the table of the other side (RFC 7541 §6.2.1), where 62 names the newest. */
export function indexed(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), literal(name), literal(value)]);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([lengthOf(bytes.length), bytes]);
}

/** An integer with a prefix of 7 bits (RFC 7541 §5.1). */
function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}

export interface Beginning {
  readonly stream: number;
  readonly headers: HeaderList;
  /** Default: nothing follows. */
  readonly flags?: number;
}

export function begin({ stream, headers, flags = END_HEADERS | END_STREAM }: Beginning): Buffer {
  return frame({ type: HEADERS, flags, stream, payload: block(headers) });
}

/** What a call of gRPC begins with. */
export function callOf(path: string, more: HeaderList = []): HeaderList {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ];
}
