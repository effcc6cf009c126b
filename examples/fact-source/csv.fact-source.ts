import { readFile } from 'node:fs/promises';
import type { FactValue } from '#accessors/facts/contract.js';
import type { FactSource, FactSourceQuestion } from '#accessors/facts/fact-source.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** Facts from a file with lines such as `ana,subject.department,sales`: who, what, and its value as text. */
export class CsvFactSource implements FactSource {
  readonly name = 'csv';

  constructor(private readonly deps: { readonly file: string }) {}

  async read(
    _context: CallContext,
    { subjectKey, paths }: FactSourceQuestion,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, FactValue>> {
    const text = await readFile(this.deps.file, { encoding: 'utf8', signal });
    const told = new Map<string, FactValue>();
    for (const line of text.split('\n')) {
      const [who, path = '', value = ''] = line.split(',');
      if (who === subjectKey && paths.includes(path)) told.set(path, value);
    }
    return told;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
