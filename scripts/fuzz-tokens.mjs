// Judges mutated tokens by the engine and by the independent oracle in test/fuzz, and ends non-zero where they differ.
//   --mutants N (20000), --seed S (1), --workers W (1), --drop CHECK: by an engine without that check, which ends non-zero where it is found out
//   --drop-each: each check in turn (or that of --drop), stopping at the first difference; ends zero where each is found out; --list: what can be dropped
// The last line is one JSON object.
import { Worker } from 'node:worker_threads';
import { parseArgs } from 'node:util';

const hooks = new URL('./typescript-sources.mjs', import.meta.url);
const share = new URL('../test/fuzz/fuzz.worker.ts', import.meta.url);
const LEAST_VALID = 0.1;
const LEAST_ONE_RULE = 0.3;

function readOptions() {
  const { values } = parseArgs({
    options: {
      mutants: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      drop: { type: 'string' },
      'drop-each': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const whole = (name, least) => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name}: a whole number, at least ${least}`);
    return value;
  };
  const numbers = { mutants: whole('mutants', 1), seed: whole('seed', 0), workers: whole('workers', 1) };
  return { ...numbers, drop: values.drop ?? null, dropEach: values['drop-each'], list: values.list };
}

function emptyTotals() {
  return { mutants: 0, valid: 0, oneClaimRule: 0, wrongAccepts: 0, disagreements: 0, classes: {}, answers: {}, differences: [] };
}

function added(totals, counts) {
  for (const name of ['mutants', 'valid', 'oneClaimRule', 'wrongAccepts', 'disagreements']) totals[name] += counts[name];
  for (const [name, count] of Object.entries(counts.answers)) totals.answers[name] = (totals.answers[name] ?? 0) + count;
  for (const [name, { mutants, valid }] of Object.entries(counts.classes)) {
    const sum = (totals.classes[name] ??= { mutants: 0, valid: 0 });
    sum.mutants += mutants;
    sum.valid += valid;
  }
  totals.differences.push(...counts.differences);
  return totals;
}

function startShare(data, onCounts) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(share, { workerData: data, execArgv: ['--import', hooks.href] });
    worker.on('error', reject);
    worker.on('message', ({ done, counts }) => {
      onCounts(counts);
      if (done) resolve(counts);
    });
    worker.on('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}

async function run({ mutants, seed, workers, drop }) {
  const latest = new Map();
  const began = performance.now();
  const timer = setInterval(() => {
    const { mutants: done, wrongAccepts, disagreements } = [...latest.values()].reduce(added, emptyTotals());
    const seconds = (performance.now() - began) / 1000;
    const rate = Math.round(done / seconds);
    console.log(`${done} of ${mutants}, ${rate} a second, ${wrongAccepts} wrong accepts, ${disagreements} disagreements`);
  }, 10_000);
  const shares = Array.from({ length: workers }, (_, index) => ({
    seed,
    drop,
    from: Math.floor((mutants * index) / workers),
    to: Math.floor((mutants * (index + 1)) / workers),
  }));
  try {
    const counts = await Promise.all(shares.map((data, index) => startShare(data, (some) => latest.set(index, some))));
    return counts.reduce(added, emptyTotals());
  } finally {
    clearInterval(timer);
  }
}

function printCounts(totals) {
  for (const [name, { mutants, valid }] of Object.entries(totals.classes))
    console.log(`class ${name}: ${mutants}, valid ${valid}`);
  const answers = Object.entries(totals.answers).sort(([, a], [, b]) => b - a);
  for (const [name, count] of answers) console.log(`answer ${name}: ${count}`);
  console.log(`correctly signed, one claim rule broken: ${totals.oneClaimRule}`);
  for (const { seed, index, difference, description, engine, oracle } of totals.differences.slice(0, 10)) {
    console.log(`${difference}: seed ${seed}, index ${index}, ${description}: the engine says ${engine}, the oracle ${oracle}`);
  }
}

async function oneRun(options) {
  const totals = await run(options);
  printCounts(totals);
  const { mutants, valid, oneClaimRule, wrongAccepts, disagreements } = totals;
  const thin = valid < LEAST_VALID * mutants || oneClaimRule < LEAST_ONE_RULE * mutants;
  if (thin) console.log('Too few mutants are valid, or break one claim rule alone: the run proves too little.');
  console.log(JSON.stringify({ mutants, valid, wrongAccepts, disagreements, seed: options.seed }));
  return wrongAccepts + disagreements === 0 && !thin ? 0 : 1;
}

async function eachDropped(options) {
  await import(hooks.href);
  const { Fuzz } = await import('../test/fuzz/fuzz-run.ts');
  const fuzz = new Fuzz();
  const missed = [];
  const names = options.drop === null ? fuzz.droppable() : [options.drop];
  for (const name of names) {
    const range = { seed: options.seed, from: 0, to: options.mutants };
    const { differences } = await fuzz.runWithout(name, range, { stopAtFirst: true });
    const [found] = differences;
    if (found === undefined) missed.push(name);
    const how =
      found === undefined
        ? `not found in ${options.mutants}`
        : `found at ${found.index} (${found.difference}, ${found.description})`;
    console.log(`without ${name}: ${how}`);
  }
  console.log(
    JSON.stringify({
      dropped: names.length,
      found: names.length - missed.length,
      missed,
      mutants: options.mutants,
      seed: options.seed,
    }),
  );
  return missed.length === 0 ? 0 : 1;
}

async function list() {
  await import(hooks.href);
  const { Fuzz } = await import('../test/fuzz/fuzz-run.ts');
  console.log(new Fuzz().droppable().join('\n'));
  return 0;
}

const options = readOptions();
if (options.list) process.exitCode = await list();
else process.exitCode = await (options.dropEach ? eachDropped(options) : oneRun(options));
