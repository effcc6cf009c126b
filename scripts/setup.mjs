// Runs on any Node from 20.19 on: installs what the lockfile names if it is not installed, and builds if asked and needed.
// `npm` puts node_modules/.bin first on PATH, so that whatever follows runs on the pinned Node 24 among the dependencies.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'node_modules', '.countersign-lock');
const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('countersign: installing dependencies (about half a minute) …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

const version = execFileSync('node', ['--version'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' }).trim();
const [major, minor] = version.slice(1).split('.').map(Number);
if (!((major === 24 && minor >= 14) || major >= 26)) {
  console.error(`countersign: Node ${version} is too old and this platform has no pinned one. Install Node 24 LTS and run this again.`);
  process.exit(1);
}

if (process.argv.includes('--build')) {
  const rooms = ['clients', 'managers', 'engines', 'accessors', 'utilities', 'devkit', 'protos', 'bench'];
  const newest = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
  const built = join(root, 'dist', '.built');
  const sources = Math.max(...rooms.map((room) => newest(join(root, room))), statSync(join(root, 'package-lock.json')).mtimeMs);
  if (!existsSync(built) || statSync(built).mtimeMs < sources) {
    console.log('countersign: building …');
    run('npx', ['--no-install', 'nest', 'build']);
    writeFileSync(built, '');
  }
}
