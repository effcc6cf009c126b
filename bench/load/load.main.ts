/** The load generator's process: one job at a time, as the parent sends them. */
import { readFileSync } from 'node:fs';
import { joinParent, readTask } from '../processes/parent-link.js';
import { AnswerCheck } from './answer.check.js';
import { loadGrpc } from './grpc.load.js';
import type { LoadJob, LoadResult, LoadSubjects, LoadTask } from './load.contract.js';
import { MeasuredWindow } from './measured.window.js';
import { answerFaults } from './first-answers.check.js';
import { loadRest } from './rest.load.js';

const task = readTask() as LoadTask;
const world = JSON.parse(readFileSync(task.subjectsFile, 'utf8')) as LoadSubjects;

process.on('message', (message) => {
  if (isJob(message)) void perform(message).then((result) => process.send?.(result));
});
joinParent({}, () => undefined);

async function perform(job: LoadJob): Promise<LoadResult> {
  const check = new AnswerCheck(job.expected, world);
  for (const fault of await answerFaults(job.protocol, job.port, world)) check.fail(fault);
  const window = new MeasuredWindow(job, (edge) => process.send?.({ kind: edge }));
  const load = job.protocol === 'rest' ? loadRest : loadGrpc;
  const allowedMilliseconds = (job.warmUpSeconds + job.seconds + 15) * 1000;
  const stuck = setTimeout(() => {
    throw new Error('the server stopped answering');
  }, allowedMilliseconds);
  await load(job.port, world, window, check);
  clearTimeout(stuck);
  await check.verifySamples();
  return { kind: 'result', ...window.figures(), verified: check.verified, errors: check.errors, errorTexts: check.errorTexts };
}

function isJob(message: unknown): message is LoadJob {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'job';
}
