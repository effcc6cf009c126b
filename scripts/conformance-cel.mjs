// Runs the official CEL tests (@bufbuild/cel-spec) against the evaluator of conditions. Core: no messages of protobuf, no optional
// extensions, no tests of the checker. The subset: what a condition may say. `--failures` lists what does not pass.
// The last line is one JSON object; ends non-zero below 98 % of the subset or 90 % of all core tests.
import { parseArgs } from 'node:util';
import './typescript-sources.mjs';

const LEAST_SUBSET = 0.98;
const LEAST_CORE = 0.9;

const { values: options } = parseArgs({ options: { failures: { type: 'boolean', default: false } } });
const { officialTests } = await import('../test/cel/official-tests.ts');

const counts = { corePassed: 0, coreTotal: 0, subsetPassed: 0, subsetTotal: 0 };
const suites = new Map();
const areas = {};
for (const test of officialTests()) {
  areas[test.area] = (areas[test.area] ?? 0) + 1;
  if (test.area !== 'core') continue;
  const complaint = test.complaint();
  const passed = complaint === null ? 1 : 0;
  const [suite] = test.name.split('/');
  const found = suites.get(suite) ?? { passed: 0, total: 0 };
  suites.set(suite, { passed: found.passed + passed, total: found.total + 1 });
  counts.coreTotal += 1;
  counts.corePassed += passed;
  if (test.isSubset) {
    counts.subsetTotal += 1;
    counts.subsetPassed += passed;
  }
  if (options.failures && passed === 0) {
    console.log(`${test.isSubset ? 'subset ' : ''}${test.name}: ${JSON.stringify(test.expression)}: ${complaint}`);
  }
}
for (const [suite, { passed, total }] of suites) console.log(`${suite}: ${passed} of ${total}`);
console.log(`tests by area: ${JSON.stringify(areas)}`);
console.log(JSON.stringify(counts));
const isEnough = counts.subsetPassed >= LEAST_SUBSET * counts.subsetTotal && counts.corePassed >= LEAST_CORE * counts.coreTotal;
process.exitCode = isEnough ? 0 : 1;
