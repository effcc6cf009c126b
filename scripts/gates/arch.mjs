// Cruises the tree by the rules of .dependency-cruiser.mjs, and refuses to pass on a tree that is suspiciously empty.
// `--root DIR`: another tree. `--modules N`, `--edges N`: the least that must be seen. `--json`: print the violations as JSON.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { finish, options, runNode } from './gate.mjs';

const { root, modules = '100', edges = '200', json } = options(['root', 'modules', 'edges'], ['json']);
const rooms = ['clients', 'managers', 'engines', 'accessors', 'utilities', 'devkit', 'protos', 'bench', 'examples', 'test'];
const cruiser = join(import.meta.dirname, '../../node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const present = rooms.filter((room) => existsSync(join(root, room)));

const result = runNode(cruiser, ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...present], root);
let cruise;
try {
  cruise = JSON.parse(result.stdout);
} catch {
  finish([`dependency-cruiser did not answer: ${result.stderr || result.stdout}`]);
}

const followed = cruise.modules.filter((module) => !module.source.includes('node_modules') && !module.coreModule);
const seen = followed.reduce((sum, module) => sum + module.dependencies.length, 0);
const violations = cruise.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
const faults = violations.map(({ rule, from, to }) => `${rule}: ${from} → ${to}`);
if (followed.length < Number(modules)) faults.push(`only ${followed.length} modules were seen, at least ${modules} expected`);
if (seen < Number(edges)) faults.push(`only ${seen} dependencies were seen, at least ${edges} expected`);

if (json) {
  console.log(JSON.stringify({ modules: followed.length, edges: seen, violations }));
  process.exit(faults.length === 0 ? 0 : 1);
}
finish(faults, `${followed.length} modules, ${seen} dependencies`);
