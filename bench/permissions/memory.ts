/** What subjects cost that are kept in memory: their facts, and what the engine prepares of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import { makeWorkload } from './workload.js';

export interface MemoryOfSubjects {
  readonly factsMb: number;
  readonly engineMb: number;
}

/** Measured on so many subjects, told for 100,000. */
export function measureMemory(engine: PermissionEngine, subjects: number): MemoryOfSubjects {
  const collect = garbageCollector();
  const { requests } = makeWorkload(1000);
  const texts = requests.map(({ facts }) => JSON.stringify(facts));
  const [first] = requests;
  if (first === undefined) throw new Error('the workload is empty');
  const before = used(collect);
  const kept = Array.from({ length: subjects }, (_, index) => JSON.parse(texts[index % texts.length] ?? '') as SubjectFacts);
  const withFacts = used(collect);
  for (const [index, facts] of kept.entries())
    engine.effectivePermissions({ ...(requests[index % requests.length] ?? first), facts });
  const withEngine = used(collect);
  if (kept.length !== subjects) throw new Error('they are gone before they were counted');
  const megabytes = (bytes: number): number => Number(((bytes / subjects) * 100_000 * 1e-6).toFixed(1));
  return { factsMb: megabytes(withFacts - before), engineMb: megabytes(withEngine - withFacts) };
}

/** Node has it on demand alone. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function used(collect: () => void): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
