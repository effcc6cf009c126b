import type { ServerResponse } from 'node:http';
import { STAND_IN, type VaultAnswer } from './vault-answer.js';

const DRIP_MS = 20;

/** Sends the answer, one byte at a time where it drips, half of it where it is cut. Ends early when the other side has gone. */
export async function sendAnswer(
  response: ServerResponse,
  { status, body, headers }: VaultAnswer,
  how: 'whole' | 'drip' | 'cut',
): Promise<void> {
  const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    ...(body === null ? {} : { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length }),
    'cache-control': 'no-cache',
    'x-ms-keyvault-region': 'westeurope',
    'x-stand-in': STAND_IN,
    ...headers,
  });
  if (how === 'cut') {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  if (how === 'drip') await dripBody(response, bytes);
  else response.write(bytes);
  response.end();
}

async function dripBody(response: ServerResponse, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
  }
}
