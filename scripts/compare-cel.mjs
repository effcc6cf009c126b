// Judges made-up conditions by our evaluator and by @bufbuild/cel, and ends non-zero where they differ in a way that is not a known
// fault of the other one. --conditions N (10000), --seed S (0). The last line is one JSON object.
import { parseArgs } from 'node:util';
import './typescript-sources.mjs';

const BATCH = 5_000;
const { values: options } = parseArgs({
  options: { conditions: { type: 'string', default: '10000' }, seed: { type: 'string', default: '0' } },
});
const [wanted, first] = [Number(options.conditions), Number(options.seed)];
if (!Number.isSafeInteger(wanted) || wanted < 1 || !Number.isSafeInteger(first) || first < 0) {
  throw new Error('--conditions and --seed: whole numbers');
}

const { compareSeeds } = await import('../test/cel/differential.ts');
const answers = {};
const known = {};
let compared = 0;
let unknown = 0;
let next = first;
while (compared < wanted) {
  const result = compareSeeds(next, next + Math.min(BATCH, wanted - compared));
  next += Math.min(BATCH, wanted - compared);
  compared += result.compared;
  for (const [answer, count] of Object.entries(result.answers)) answers[answer] = (answers[answer] ?? 0) + count;
  for (const difference of result.differences) {
    if (difference.known !== null) known[difference.known] = (known[difference.known] ?? 0) + 1;
    else {
      unknown += 1;
      console.log(`seed ${difference.seed}: ours ${difference.ours}, theirs ${difference.theirs}: ${difference.expression}`);
    }
  }
  if (compared % (10 * BATCH) < BATCH) console.log(`${compared} of ${wanted}, ${unknown} differ`);
}
console.log(JSON.stringify({ compared, answers, knownFaults: known, differ: unknown, seed: first }));
process.exitCode = unknown === 0 ? 0 : 1;
