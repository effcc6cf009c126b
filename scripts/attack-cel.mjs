// Lets every attack of test/cel/attacks.ts run, traced and not, and prints what it costs; ends non-zero where one takes more than its
// budget, or on average of twenty runs more than 10 ms of the processor. The last line is one JSON object.
import './typescript-sources.mjs';

const RUNS = 20;
const MOST_MS = 10;
const { attack, ATTACKS, attackUnbounded, UNBOUNDED } = await import('../test/cel/attacks.ts');

/** Time of this thread on the processor, since this host does other things too. It is only told every few milliseconds. */
const spent = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** On average, with the first run, in which nothing is warm. */
function timed(run) {
  const began = spent();
  let ending;
  for (let index = 0; index < RUNS; index += 1) ending = run();
  return { ...ending, ms: (spent() - began) / RUNS };
}

const rows = [
  ...ATTACKS.flatMap((one) =>
    [false, true].map((isTraced) => ({
      name: `${one.name}${isTraced ? ', traced' : ''}`,
      ...timed(() => attack(one, isTraced)),
    })),
  ),
  ...UNBOUNDED.map(({ name, expression }) => ({
    name: `${name}, with the budget alone`,
    ...timed(() => attackUnbounded(expression)),
  })),
];
for (const { name, ended, cost, ms } of rows)
  console.log(`${ms.toFixed(2).padStart(8)} ms ${String(cost).padStart(6)} units ${ended}: ${name}`);
const slowest = rows.reduce((most, row) => (row.ms > most.ms ? row : most));
console.log(JSON.stringify({ attacks: rows.length, slowestMs: Number(slowest.ms.toFixed(2)), slowest: slowest.name }));
process.exitCode = rows.every(({ ms, cost }) => ms <= MOST_MS && cost <= 10_000) ? 0 : 1;
