// One process of the service, as far as keys are concerned, that does what its parent says: see `replica.process.ts`.
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { type DatabaseStep, interrupted } from './interrupted.database.js';
import { mintRequest } from './mint-request.js';
import { CONTEXT, openReplica, type Replica } from './replica.js';
import type { ChangeInstruction, Command, CommandAnswer, KillPoint, ReplicaTask } from './replica.process.js';

const ALGORITHM: SigningAlgorithm = 'ES256';
const WATCH_EVERY_MS = 1;

const task = JSON.parse(process.argv[2] ?? '') as ReplicaTask;
const manual = task.startsAt === null ? undefined : new ManualClock(task.startsAt);
let diesAt: KillPoint | undefined;
let observations = 0;
let signerMissing = 0;

/** The signal that cannot be caught: nothing of this process runs after it, no rollback and no goodbye. */
function tell(step: DatabaseStep): void {
  if (diesAt?.kind !== step.kind || diesAt.moment !== step.moment) return;
  if (new RegExp(diesAt.words).test(step.what)) process.kill(process.pid, 'SIGKILL');
}

const replica = await openReplica({
  url: task.url,
  keyEncryptionKeyFile: task.keyEncryptionKeyFile,
  keys: task.keys,
  clock: manual ?? new SystemClock(),
  around: (database) => interrupted(database, tell),
});
await replica.manager.prepare(CONTEXT);
process.on('disconnect', () => process.exit(0));
process.on('message', (command: Command) => {
  void answer(command).then((result) => process.send?.({ id: command.id, ...result }));
});
setInterval(() => void watch(replica), WATCH_EVERY_MS);
process.send?.({ id: 0, value: 'ready' });

async function answer(command: Command): Promise<CommandAnswer> {
  try {
    return { value: await perform(command) };
  } catch (error) {
    return { error: isCodedError(error) ? error.code : String(error) };
  }
}

function perform(command: Command): unknown {
  switch (command.do) {
    case 'to':
      return manual?.advance(command.at - manual.now());
    case 'arm':
      diesAt = command.at;
      return null;
    case 'poll':
      return replica.poll();
    case 'state':
      return state();
    case 'sign':
      return signTimes(command.algorithm, command.times);
    case 'sign-until':
      return signUntil(command.milliseconds);
    default:
      return change(command);
  }
}

function change(command: ChangeInstruction): unknown {
  const { manager, emergency } = replica;
  switch (command.do) {
    case 'advance':
      return manager.advance(CONTEXT);
    case 'rotate':
      return manager.rotate(CONTEXT, { validateOnly: false });
    case 'revoke':
      return emergency.revoke(CONTEXT, { kid: command.kid, reason: 'test', validateOnly: false });
  }
}

async function signTimes(algorithm: SigningAlgorithm, times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) await replica.engine.mint(CONTEXT, mintRequest(algorithm));
}

async function state(): Promise<unknown> {
  return {
    signer: replica.keyAccess.activeKey(CONTEXT, ALGORITHM).kid,
    published: (await replica.manager.publishedKeys(CONTEXT)).map(({ kid }) => kid),
    observations,
    signerMissing,
  };
}

/** When this process last signed with each key, Unix milliseconds, and how often it did. */
async function signUntil(milliseconds: number): Promise<Readonly<Record<string, { last: number; times: number }>>> {
  const last: Record<string, { last: number; times: number }> = {};
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    try {
      const { kid } = await replica.engine.mint(CONTEXT, mintRequest(ALGORITHM));
      last[kid] = { last: Date.now(), times: (last[kid]?.times ?? 0) + 1 };
    } catch (error) {
      if (!isCodedError(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
  }
  return last;
}

/** Whoever signs is in the key set that this very process hands out, at every moment. */
async function watch({ keyAccess, manager }: Replica): Promise<void> {
  let signer: string;
  try {
    signer = keyAccess.activeKey(CONTEXT, ALGORITHM).kid;
  } catch {
    return;
  }
  const published = await manager.publishedKeys(CONTEXT);
  observations += 1;
  if (!published.some(({ kid }) => kid === signer)) signerMissing += 1;
}
