import { afterAll, describe, it } from '@jest/globals';
import type { JsonWebKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Published test vectors are not part of the tree: `VECTORS_DIR` names the folder that holds `wycheproof/` and `jose-cookbook/`. */
const directory = process.env['VECTORS_DIR'];

/** Counts a vector as run through `stage`; the suite prints the counts when it ends. */
export type CountCase = (stage: string) => void;

/** A suite that runs when the file is there, and says why when it does not. What it says goes past Jest, which is silent on skipped files. */
export function describeVectors(title: string, file: string, suite: (text: string, count: CountCase) => void): void {
  const reason = missing(file);
  const run = reason === undefined ? describe : describe.skip;
  if (reason !== undefined) process.stdout.write(`${title}: skipped, ${reason}\n`);
  run(title, () => {
    const counts = new Map<string, number>();
    const count: CountCase = (stage) => counts.set(stage, (counts.get(stage) ?? 0) + 1);
    afterAll(() => {
      for (const [stage, cases] of counts)
        process.stdout.write(`${title}: ${cases.toString()} vector cases ran through ${stage}\n`);
    });
    if (reason === undefined) suite(readFileSync(join(directory ?? '', file), 'utf8'), count);
    else it(reason, () => undefined);
  });
}

function missing(file: string): string | undefined {
  if (directory === undefined || directory === '') return 'VECTORS_DIR is not set';
  return existsSync(join(directory, file)) ? undefined : `VECTORS_DIR has no ${file}`;
}

export interface WycheproofVector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'valid' | 'invalid';
}

export interface WycheproofGroup<Key> {
  readonly comment: string;
  readonly public?: Key;
  readonly private: Key;
  readonly tests: readonly WycheproofVector[];
}

export interface WycheproofCase<Key> {
  readonly vector: WycheproofVector;
  readonly group: WycheproofGroup<Key>;
  /** The public half, or the only key that there is. */
  readonly key: Key;
}

export type JwkSet = { readonly keys: readonly JsonWebKey[] };

export function wycheproofCases<Key>(text: string): WycheproofCase<Key>[] {
  const file = JSON.parse(text) as { readonly testGroups: readonly WycheproofGroup<Key>[] };
  return file.testGroups.flatMap((group) => group.tests.map((vector) => ({ vector, group, key: group.public ?? group.private })));
}
