/** Where the time of the service goes: a profile under load for each protocol. Without floors, so there is no ratio. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure, startLoad } from './compare.js';
import type { BenchRun } from './compare.js';
import { topSelfTimes } from './report/profile.js';
import type { CpuProfile } from './report/profile.js';
import type { Measurement } from './report/summary.js';
import { startService } from './targets.js';

const shown = 25;

export async function profileService(run: BenchRun): Promise<readonly Measurement[]> {
  const targets = await startService(run.world, run.pinning.server, run.cleanUp);
  const load = await startLoad(run);
  const measurements: Measurement[] = [];
  for (const target of targets) {
    await measure(run, load, target);
    await target.process.ask({ kind: 'profile.start' }, 'profile.started');
    const result = await measure(run, load, target);
    const file = join(run.world.profileFolder, `countersign-${target.protocol}.cpuprofile`);
    await target.process.ask({ kind: 'profile.stop', file }, 'profile.stopped');
    measurements.push({ round: 1, target, result });
    run.say(`\n${target.protocol}: self time of the service under load, from ${file}`);
    const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
    for (const { where, share } of topSelfTimes(profile, shown)) run.say(`${(share * 100).toFixed(1).padStart(6)} %  ${where}`);
  }
  return measurements;
}
