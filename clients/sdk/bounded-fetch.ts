const MILLISECONDS = 5_000;

/**
 * The body of a 200, all of it within 5 s and this many bytes. Redirects are not followed. SECURITY: whoever could make the issuer
 * redirect, or serve without an end, would choose the keys or take the memory.
 *
 * @throws Error whatever is wrong
 */
export async function fetchBounded(url: URL, mostBytes: number): Promise<Buffer> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(MILLISECONDS),
    headers: { accept: 'application/json, application/jwt', 'accept-encoding': 'identity' },
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by the throw ends the connection.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The address of a document of the issuer. SECURITY: over plain HTTP anybody on the way could hand out keys; only this machine itself
 * is excepted, for tests.
 *
 * @throws TypeError
 */
export function documentUrl(text: string): URL {
  // SECURITY: what is refused may have credentials in it, so its text is in no error.
  if (!URL.canParse(text)) throw new TypeError('an address cannot be read');
  const url = new URL(text);
  const isLoopback = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) throw new TypeError(`${url.origin} is not https`);
  if (url.username !== '' || url.password !== '' || url.hash !== '') throw new TypeError(`${url.origin}: a plain URL is needed`);
  return url;
}
