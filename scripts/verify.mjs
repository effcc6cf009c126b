// Runs every gate, each to its end, and tells which did not pass. The tests are `npm test`.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const packages = (path) => join(root, 'node_modules', path);
const gate = (name) => [join(root, 'scripts', 'gates', `${name}.mjs`)];

const GATES = {
  typecheck: [packages('typescript-7/bin/tsc'), '-p', 'tsconfig.json', '--noEmit'],
  lint: [packages('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
  format: [packages('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  arch: gate('arch'),
  deadcode: [packages('knip/bin/knip.js'), '--no-progress'],
  'docs:check': gate('docs-check'),
  'protos:check': gate('protos-check'),
  floors: gate('floors'),
};

function run([script, ...args]) {
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter), NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, env });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => resolve({ passed: status === 0, output }));
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in GATES));
if (unknown.length > 0) {
  console.error(`No gate is called ${unknown.join(', ')}; there are ${Object.keys(GATES).join(', ')}`);
  process.exit(1);
}

const failed = [];
for (const [name, command] of Object.entries(GATES).filter(([gateName]) => wanted.length === 0 || wanted.includes(gateName))) {
  const began = performance.now();
  const { passed, output } = await run(command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.padStart(5)} s`);
  if (passed) continue;
  failed.push(name);
  console.log(output.trimEnd().replace(/^/gm, '    '));
}
console.log(failed.length === 0 ? '\nverify: every gate passed' : `\nverify: ${failed.length} failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
