// Lints the protos and holds them against the committed image of the released ones. `--root DIR`: another project.
import { spawnSync } from 'node:child_process';
import { finish, options } from './gate.mjs';

const { root } = options(['root']);

function buf(what, ...args) {
  const result = spawnSync('buf', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.status === 0) return [];
  return [`buf ${what}:`, (result.stdout + result.stderr).trim() || String(result.error)];
}

finish(
  [...buf('lint', 'lint', 'protos'), ...buf('breaking', 'breaking', 'protos', '--against', 'protos/baseline/countersign.binpb')],
  'nothing broken since the baseline',
);
