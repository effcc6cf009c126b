/** What becomes of the service when ten times as much is asked of it as it can do. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchRun } from '../compare.js';
import { prepareRestRequest } from '../load/rest.load.js';
import { startService } from '../targets.js';
import { AnswerCounts, type Counts } from './answer.counts.js';
import { OpenArrivals } from './open.arrivals.js';
import { PatientConnections } from './patient.connections.js';

const USUAL_CONNECTIONS = 64;
const TIMES = 10;
const LIMITS = { crowded: 0.9, recovered: 0.95, recoverySeconds: 5, memoryMiB: 1_024 };

/** One JSON line as the last; whether every promise was kept. */
export async function measureOverload(run: BenchRun): Promise<boolean> {
  const { world, pinning, cleanUp, options, say } = run;
  const [rest] = await startService(world, pinning.server, cleanUp);
  const requests = world.subjects.subjects.map(({ token }) => prepareRestRequest(token, world.subjects));
  const counts = new AnswerCounts();
  const at = { port: rest.port, requests, counts };
  const pid = rest.process.pid;
  const perSecond = async (seconds: number): Promise<Readonly<Counts>> => scaled(await over(counts, seconds), seconds);

  const patient = new PatientConnections(at);
  patient.add(USUAL_CONNECTIONS);
  await perSecond(options.warmUpSeconds + 2);
  const peak = await perSecond(options.seconds);
  const memoryBefore = memoryMiB(pid);
  say(`${String(USUAL_CONNECTIONS)} connections: ${told(peak)}`);

  patient.add(USUAL_CONNECTIONS * (TIMES - 1));
  await perSecond(2);
  const crowded = await perSecond(options.seconds);
  say(`${String(USUAL_CONNECTIONS * TIMES)} connections that wait as they are told: ${told(crowded)}`);
  await patient.stop();
  counts.take();

  const arrivals = new OpenArrivals({ ...at, connections: USUAL_CONNECTIONS * TIMES, perSecond: peak.granted * TIMES });
  const watched = mostMemory(pid);
  const { arrivedPerSecond, sentPerSecond } = await arrivals.run(options.seconds * 2);
  const flooded = scaled(counts.take(), options.seconds * 2);
  const memoryMost = watched.stop();
  const arrived = ratio(arrivedPerSecond, peak.granted);
  const sent = ratio(sentPerSecond, peak.granted);
  say(`${String(arrived)} times the peak arriving, ${String(sent)} times sent: ${told(flooded)}; memory ${memoryMost} MiB`);

  const after = new PatientConnections(at);
  after.add(USUAL_CONNECTIONS);
  const recovery = await recoveryOf(perSecond, peak.granted);
  await after.stop();
  say(`afterwards: ${recovery.rates.map(String).join(', ')} granted in each second`);

  const faults = [
    crowded.granted < LIMITS.crowded * peak.granted ? `${TIMES} times the connections: below ${LIMITS.crowded} of the peak` : '',
    recovery.seconds === null ? `not back at ${LIMITS.recovered} of the peak within ${LIMITS.recoverySeconds} s` : '',
    memoryMost > LIMITS.memoryMiB ? `more than ${LIMITS.memoryMiB} MiB` : '',
    peak.failed + crowded.failed > 0 ? 'answers that were neither tokens nor requests to wait' : '',
  ].filter((fault) => fault !== '');
  for (const fault of faults) say(`not kept: ${fault}`);
  say(
    JSON.stringify({
      peakPerSecond: peak.granted,
      crowded: ratio(crowded.granted, peak.granted),
      arrivedTimesPeak: arrived,
      sentTimesPeak: sent,
      grantedWhileFlooded: ratio(flooded.granted, peak.granted),
      recoverySeconds: recovery.seconds,
      memoryMiB: { before: memoryBefore, most: memoryMost, after: memoryMiB(pid) },
      kept: faults.length === 0,
    }),
  );
  return faults.length === 0;
}

async function over(counts: AnswerCounts, seconds: number): Promise<Counts> {
  counts.take();
  await delay(seconds * 1_000);
  return counts.take();
}

async function recoveryOf(
  perSecond: (seconds: number) => Promise<Readonly<Counts>>,
  peak: number,
): Promise<{ readonly seconds: number | null; readonly rates: readonly number[] }> {
  const rates: number[] = [];
  for (let second = 1; second <= LIMITS.recoverySeconds; second += 1) {
    rates.push((await perSecond(1)).granted);
    if ((rates.at(-1) ?? 0) >= LIMITS.recovered * peak) return { seconds: second, rates };
  }
  return { seconds: null, rates };
}

/** Looks at the memory of a process again and again; `stop` tells the most that was seen. */
function mostMemory(pid: number): { stop(): number } {
  let most = memoryMiB(pid);
  const timer = setInterval(() => {
    most = Math.max(most, memoryMiB(pid));
  }, 200);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}

/** Resident, in MiB; -1 where there is no /proc. @throws Error for a process that is gone */
function memoryMiB(pid: number): number {
  if (process.platform !== 'linux') return -1;
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error('the service has ended');
  return Math.round(Number(kilobytes) / 1_024);
}

function scaled({ granted, shed, failed }: Counts, seconds: number): Readonly<Counts> {
  return { granted: Math.round(granted / seconds), shed: Math.round(shed / seconds), failed: Math.round(failed / seconds) };
}

function told({ granted, shed, failed }: Readonly<Counts>): string {
  return `${String(granted)} granted, ${String(shed)} told to wait, ${String(failed)} failed in a second`;
}

function ratio(part: number, whole: number): number {
  return Math.round((part / whole) * 100) / 100;
}
