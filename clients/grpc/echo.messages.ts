import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import type { EchoedConnection, EchoedMetadata } from '#protos/generated/countersign/diagnostics/v1/diagnostics.js';

/** More are counted, not told. */
export const MOST_NAMES = 100;
/** Names of this beginning are for nothing but this, so their values may be told. */
const CANARY = 'x-countersign-canary-';
const CANARY_BYTES = 256;
const PREFIX_DIGITS = 8;

/**
 * By name. SECURITY: values are told of canaries alone. Of the caller's own credential there is a digest to compare with, too short
 * to be of use to anybody who has not got it.
 */
export function echoedMetadata(metadata: Metadata): EchoedMetadata[] {
  return Object.keys(metadata.getMap())
    .toSorted()
    .map((name) => {
      const values = metadata.get(name);
      return {
        name,
        values: values.length,
        bytes: values.reduce((sum, value) => sum + Buffer.byteLength(value), 0),
        sha256Prefix: name === 'authorization' ? digestOf(String(values[0] ?? '')) : '',
        canaries: name.startsWith(CANARY) ? values.map(canaryText) : [],
      };
    });
}

function canaryText(value: string | Buffer): string {
  const text = Buffer.isBuffer(value) ? value.toString('base64') : value;
  return text.slice(0, CANARY_BYTES);
}

function digestOf(authorization: string): string {
  const credential = authorization.slice(authorization.indexOf(' ') + 1);
  return createHash('sha256').update(credential).digest('hex').slice(0, PREFIX_DIGITS);
}

const PLAINTEXT: EchoedConnection = {
  tls: false,
  tlsVersion: '',
  cipher: '',
  alpn: '',
  serverName: '',
  clientCertificate: false,
};

/** Asked by reading: the socket of an HTTP/2 session is a stand-in, which has nothing by `in`. */
export function connectionMessage(connection: object | undefined): EchoedConnection {
  if ((connection as Partial<TLSSocket> | undefined)?.encrypted !== true) return PLAINTEXT;
  const socket = connection as TLSSocket;
  return {
    tls: true,
    tlsVersion: textOf(socket.getProtocol()),
    cipher: textOf(socket.getCipher().standardName),
    alpn: textOf(socket.alpnProtocol),
    serverName: textOf(Reflect.get(socket, 'servername')),
    // An empty object where the client has shown none; `null` when the connection is gone.
    clientCertificate: (socket.getPeerCertificate() as { raw?: Buffer } | null)?.raw !== undefined,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
