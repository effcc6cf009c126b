import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly rotations: number;
  /** For each class of verifiers, at least. */
  readonly verifications: number;
  readonly seed: number;
  readonly help: boolean;
}

export const HELP = `npm run soak:rotation -- [--short] [--rotations N] [--verifications M] [--seed S]

Rotates signing keys through simulated years, on PostgreSQL, by three replicas under load, and verifies their tokens as many kinds of
verifiers do. Then once more with everything at its worst, as the settings allow it and one second beyond. Uses the server of
DATABASE_URL, with databases of its own, or a private cluster from installed binaries. The last line of its output is JSON.

  --short             12 rotations and 5,000 verifications of each class
  --rotations N       rotations to make (default 100)
  --verifications M   verifications of each class of verifiers, at least (default 100,000)
  --seed S            the same seed takes the same course (default 1)`;

/** @throws Error in words for options that make no sense */
export function readSoakOptions(commandArguments: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...commandArguments],
    options: {
      short: { type: 'boolean', default: false },
      rotations: { type: 'string' },
      verifications: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rotations: whole('rotations', values.rotations ?? (values.short ? '12' : '100')),
    verifications: whole('verifications', values.verifications ?? (values.short ? '5000' : '100000')),
    seed: whole('seed', values.seed),
    help: values.help,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: expected a whole number above 0`);
  return value;
}
