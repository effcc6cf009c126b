// Runs on any Node from 20.19 on: installs what the lockfile names if it is not installed, and builds if asked and needed.
// `npm` puts node_modules/.bin first on PATH, so that whatever follows runs on the pinned Node 24 among the dependencies.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const BUILT_FROM = ['clients', 'managers', 'engines', 'accessors', 'utilities', 'devkit', 'protos', 'bench'];
const BUILT_BY = ['package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
const options = { cwd: root, env, shell: process.platform === 'win32' };
const run = (command, args) => execFileSync(command, args, { ...options, stdio: 'inherit' });
const readIfThere = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function fail(message) {
  console.error(`countersign: ${message}`);
  process.exit(1);
}

function install() {
  const stamp = join(root, 'node_modules', '.countersign-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (readIfThere(stamp) === lock) return;
  console.log('countersign: installing dependencies (about half a minute) …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

function requireRuntime() {
  const version = execFileSync('node', ['--version'], { ...options, encoding: 'utf8' }).trim();
  const [major, minor, patch] = version.slice(1).split('.').map(Number);
  const recent = (major === 24 && (minor > 14 || (minor === 14 && patch >= 1))) || major >= 26;
  if (!recent) fail(`Node ${version} is too old and this platform has no pinned one. Install Node 24 LTS and run this again.`);
}

/** Names and times of everything that is built: it changes with each edit, and also when a file goes away. */
function sourcesDigest() {
  const digest = createHash('sha256');
  const note = (path) => digest.update(`${path} ${statSync(path).mtimeMs}\n`);
  for (const room of BUILT_FROM.map((name) => join(root, name)).filter((path) => existsSync(path))) {
    readdirSync(room, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|proto)$/.test(entry.name) && !entry.name.endsWith('.spec.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .forEach(note);
  }
  BUILT_BY.map((name) => join(root, name)).forEach(note);
  return digest.digest('hex');
}

function build() {
  const stamp = join(root, 'dist', '.built');
  const digest = sourcesDigest();
  if (readIfThere(stamp) === digest) return;
  console.log('countersign: building …');
  run('node', [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build']);
  writeFileSync(stamp, digest);
}

try {
  install();
  requireRuntime();
  if (process.argv.includes('--build')) build();
} catch (error) {
  fail(`${error.message}. Nothing was started.`);
}
