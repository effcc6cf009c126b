/** Reads one HTTP/1.1 response of known length: all that a load generator needs, at a fraction of what a full client costs. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** Bytes that the response took. */
  readonly length: number;
}

const headEnd = Buffer.from('\r\n\r\n');

/** `undefined`: more bytes are needed. @throws Error for a response that this reader does not understand */
export function readResponse(bytes: Buffer): HttpResponse | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (!head.startsWith('HTTP/1.1 ') || length === undefined)
    throw new Error(`not a response with a length: ${head.slice(0, 80)}`);
  const bodyStart = end + headEnd.length;
  const bodyEnd = bodyStart + Number(length);
  if (bytes.length < bodyEnd) return undefined;
  return { status: Number(head.slice(9, 12)), body: bytes.toString('utf8', bodyStart, bodyEnd), length: bodyEnd };
}
