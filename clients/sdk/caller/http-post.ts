import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { MOST_ANSWER_BYTES, type PostAnswer, type PostRequest, type TlsMaterial } from './post.js';

export function httpPost(request: PostRequest): Promise<PostAnswer> {
  return request.tls === undefined ? postByFetch(request) : postByHttps(request, request.tls);
}

async function postByFetch({ url, headers, body, signal }: PostRequest): Promise<PostAnswer> {
  // SECURITY: followed, a redirect would carry the credentials of the client to wherever it points.
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  return {
    status: response.status,
    contentType: (response.headers.get('content-type') ?? '').toLowerCase(),
    retryAfter: response.headers.get('retry-after'),
    body: response.body === null ? '' : await bounded(response.body as AsyncIterable<Uint8Array>),
  };
}

/** `fetch` cannot show a certificate. */
async function postByHttps({ url, headers, body, signal }: PostRequest, tls: TlsMaterial): Promise<PostAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const options = { method: 'POST', headers: { ...headers, 'content-length': length }, signal, agent: agentOf(tls) };
    httpsRequest(url, options, resolve).on('error', reject).end(body);
  });
  return {
    status: response.statusCode ?? 0,
    contentType: (response.headers['content-type'] ?? '').toLowerCase(),
    retryAfter: response.headers['retry-after'] ?? null,
    body: await bounded(response as AsyncIterable<Uint8Array>),
  };
}

const agents = new WeakMap<TlsMaterial, Agent>();

/** One for as long as the material is the same object, so that connections stay. */
function agentOf(tls: TlsMaterial): Agent {
  let agent = agents.get(tls);
  if (agent === undefined) {
    agent = new Agent({ ...tls, keepAlive: true, minVersion: 'TLSv1.2', maxSockets: 16, timeout: 60_000 });
    agents.set(tls, agent);
  }
  return agent;
}

async function bounded(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by the throw ends the connection.
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`more than ${MOST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
