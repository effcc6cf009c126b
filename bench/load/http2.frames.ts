/** As much of HTTP/2 framing and HPACK as unary calls of one method need (RFC 9113, RFC 7541), prepared once where it can be. */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
export const flag = { endStream: 1, acknowledged: 1, endHeaders: 4 } as const;
export const frameHeadLength = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Our side of the handshake: no header compression towards us (so equal headers are equal bytes), no push, a window never to refill. */
export const preface: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(
    frameType.settings,
    0,
    0,
    settings([
      [1, 0],
      [2, 0],
    ]),
  ),
  frame(frameType.windowUpdate, 0, 0, uint32(0x7fff_ffff - 65_535)),
]);

export const settingsAcknowledged: Buffer = frame(frameType.settings, flag.acknowledged, 0, Buffer.alloc(0));

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(frameHeadLength);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The frame at `offset`, or `undefined` when it is not all there yet. */
export function readFrame(bytes: Buffer, offset: number): Frame | undefined {
  if (bytes.length < offset + frameHeadLength) return undefined;
  const end = offset + frameHeadLength + bytes.readUIntBE(offset, 3);
  if (bytes.length < end) return undefined;
  return {
    type: bytes[offset + 3] ?? 0,
    flags: bytes[offset + 4] ?? 0,
    stream: bytes.readUInt32BE(offset + 5) & 0x7fff_ffff,
    payload: bytes.subarray(offset + frameHeadLength, end),
  };
}

export interface HeaderBlocks {
  /** For the first request of a connection: the server keeps each header in its table. */
  readonly first: Buffer;
  /** For every later one: positions in that table. */
  readonly later: Buffer;
}

/** Every header goes through the table of the connection, as usual clients do. */
export function headerBlocks(headers: readonly (readonly [string, string])[]): HeaderBlocks {
  const literals = headers.map(([name, value]) => Buffer.concat([Buffer.from([0x40]), text(name), text(value)]));
  const newestEntry = 62;
  const positions = headers.map((_, index) => 0x80 | (newestEntry + headers.length - 1 - index));
  return { first: Buffer.concat(literals), later: Buffer.from(positions) };
}

/** "grpc-status: 0" without compression table, plain or with the name in Huffman code: the two ways to write it. */
const statusOk = [
  Buffer.concat([text('grpc-status'), text('0')]),
  Buffer.concat([Buffer.from('889acac8b21234da8f', 'hex'), text('0')]),
];

export function saysOk(trailers: Buffer): boolean {
  return statusOk.some((encoded) => trailers.includes(encoded));
}

/** A string of HPACK without Huffman code. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  if (bytes.length >= 127 + 128) throw new Error('a header value is too long for this writer');
  return Buffer.concat([Buffer.from([127, bytes.length - 127]), bytes]);
}

function settings(pairs: readonly (readonly [number, number])[]): Buffer {
  return Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)])));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
