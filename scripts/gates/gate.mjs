// What the gates have in common: options, running a tool, and ending with the faults that were found.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The options of this gate; `root` is the project unless `--root` says otherwise. */
export function options(strings, booleans = []) {
  const { values } = parseArgs({
    options: Object.fromEntries([
      ...strings.map((name) => [name, { type: 'string' }]),
      ...booleans.map((name) => [name, { type: 'boolean' }]),
    ]),
  });
  return { ...values, root: resolve(values.root ?? join(import.meta.dirname, '../..')) };
}

/** Runs a script on this very Node. */
export function runNode(script, args, cwd) {
  return spawnSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

/** Prints the faults, or one line of what was looked at, and ends the process accordingly. */
export function finish(faults, summary = '') {
  for (const fault of faults) console.error(fault);
  if (faults.length === 0 && summary) console.log(summary);
  process.exit(faults.length === 0 ? 0 : 1);
}
