// One process of the service, as far as policies are concerned: it applies a plan and kills itself at a step, if it is told to.
import { MIGRATIONS } from '#clients/migrations.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { openDatabase } from '#utilities/database/open.database.js';
import { CONTEXT, policyWorld } from '../../../managers/policy/fixtures/policy-world.fixture.js';
import { SilentLogger } from '../../support/silent.logger.js';
import { type DatabaseStep, interrupted } from '../keys/interrupted.database.js';
import type { KillPoint } from '../keys/replica.process.js';

export interface PolicyReplicaTask {
  readonly url: string;
  readonly planId: string;
  /** `null`: it lives. */
  readonly diesAt: KillPoint | null;
}

const { url, planId, diesAt } = JSON.parse(process.argv[2] ?? '') as PolicyReplicaTask;
let armed = false;

/** The signal that cannot be caught: nothing of this process runs after it, no rollback and no goodbye. */
function tell(step: DatabaseStep): void {
  if (!armed || diesAt?.kind !== step.kind || diesAt.moment !== step.moment) return;
  if (new RegExp(diesAt.words).test(step.what)) process.kill(process.pid, 'SIGKILL');
}

const opened = await openDatabase({
  settings: { kind: 'postgres', url, poolSize: 2 },
  migrations: MIGRATIONS,
  logger: new SilentLogger(),
  migrate: false,
  unsafeRole: 'step-down',
});
const world = await policyWorld({ database: interrupted(opened, tell) });
armed = true;
try {
  await world.manager.apply(CONTEXT, planId, 'by a process that may die');
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(isCodedError(error) ? `${error.code}\n` : String(error));
  process.exitCode = 3;
}
await world.parts.changeFeed.stop();
await opened.close();
