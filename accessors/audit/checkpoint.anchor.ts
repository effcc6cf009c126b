import { open, readFile } from 'node:fs/promises';
import type { AuditSettings } from '#utilities/config/contract.js';

const TIME_LIMIT_MS = 5_000;

/** One checkpoint a line, added to the end and flushed. SECURITY: nothing here ever shortens or changes the file. */
export async function anchorInFile(name: string, document: string): Promise<void> {
  const file = await open(name, 'a', 0o600);
  try {
    await file.appendFile(`${document}\n`, 'ascii');
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** @throws Error when the other side does not say that it has it */
export async function anchorAtUrl(
  { url, bearerFile }: { readonly url: string; readonly bearerFile: AuditSettings['anchor']['bearerFile'] },
  document: string,
): Promise<void> {
  const bearer = bearerFile === null ? null : (await readFile(bearerFile, 'utf8')).trim();
  const answer = await fetch(url, {
    method: 'POST',
    body: document,
    headers: { 'content-type': 'application/jose', ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) },
    // SECURITY: a redirect would take the token to whoever is named.
    redirect: 'error',
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the anchor answered ${String(answer.status)}`);
}

/** The checkpoints in a file, each once. A last line without an end was cut off while it was written. */
export async function anchoredIn(name: string): Promise<readonly string[]> {
  const text = await readFile(name, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}
