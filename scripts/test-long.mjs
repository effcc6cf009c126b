// Runs the specs that have a long form, in that form: more kills, more calls, more random questions than `npm test` has time for. Specs named
// *.long.spec.ts run here alone.
//   --list: names and sizes; NAME…: those alone. A variable that is set already keeps its value, so that a run can be longer still.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LONG_FORMS } from './long-forms.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean', default: false } } });
const unknown = positionals.filter((name) => !Object.hasOwn(LONG_FORMS, name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. There are: ${Object.keys(LONG_FORMS).join(', ')}.`);
  process.exit(2);
}

const chosen = Object.entries(LONG_FORMS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
for (const [name, { set }] of chosen) {
  console.log(
    `${name}: ${Object.entries(set)
      .map(([variable, value]) => `${variable}=${process.env[variable] ?? value}`)
      .join(' ')}`,
  );
}
if (values.list) process.exit(0);

const root = fileURLToPath(new URL('..', import.meta.url));
const together = chosen.filter(([, { alone }]) => alone !== true);
const turns = [together, ...chosen.filter(([, { alone }]) => alone === true).map((one) => [one])].filter(
  (turn) => turn.length > 0,
);
process.exit(Math.max(...turns.map(run)));

/** The exit code of one run of jest. */
function run(forms) {
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      ...forms.flatMap(([, { specs }]) => specs),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...Object.assign({}, ...forms.map(([, { set }]) => set)), ...process.env, COUNTERSIGN_LONG_FORMS: 'yes' },
    },
  );
  return status ?? 1;
}
