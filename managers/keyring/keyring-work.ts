import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { KeyMove, Keyring, KeyringAccess, KeyringChange, KeyState } from '#accessors/key/contract.js';
import type { RotationStep } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';

const MOST_TRIES = 5;

export interface KeyringWorkDeps {
  readonly keyringAccess: KeyringAccess;
  readonly changeTrail: ChangeTrail;
  readonly unitOfWork: UnitOfWork;
  readonly logger: Logger;
}

export interface RecordedChange {
  readonly change: KeyringChange;
  /** `what` and `detail` of each audit record. */
  readonly records: readonly (readonly [what: string, detail: string])[];
}

/** Changes of the keyring, each in one transaction with its audit records. */
export class KeyringWork {
  constructor(private readonly deps: KeyringWorkDeps) {}

  /** Answers the new epoch. @throws CodedError `KEYRING_CHANGED`, `KEYRING_MOVE_REFUSED`, `KEYRING_RESTORED`, `AUDIT_UNAVAILABLE` */
  async commit(context: CallContext, { change, records }: RecordedChange): Promise<number> {
    const { keyringAccess, changeTrail, unitOfWork } = this.deps;
    const epoch = await unitOfWork.run(async () => {
      const changed = await keyringAccess.change(context, change);
      for (const [what, detail] of records) await changeTrail.recordWithin(context, { outcome: 'changed', what, detail });
      return changed;
    });
    await this.settle(context);
    return epoch;
  }

  /** Does one planned step. Answers the new epoch. */
  async perform(context: CallContext, ring: Keyring, of: { step: RotationStep; fence: number | null }): Promise<number> {
    const { step, fence } = of;
    const base = { expectedEpoch: ring.epoch, fence };
    if (step.kind === 'stage') return this.stage(context, base, step);

    const { kid } = step;
    if (kid === null) throw new CodedError('INTERNAL', { internal: `a step to ${step.kind} names no key` });
    const change = { ...base, moves: movesOf(ring, { ...step, kid }) };
    return this.commit(context, { change, records: [[RECORDED_AS[step.kind], detailOf(step)]] });
  }

  /** Tries again on the keyring as it is by then, while others change it. */
  async retrying<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries >= MOST_TRIES || !isCodedError(error) || error.code !== 'KEYRING_CHANGED') throw error;
      }
    }
  }

  private async stage(
    context: CallContext,
    base: Pick<KeyringChange, 'expectedEpoch' | 'fence'>,
    step: RotationStep,
  ): Promise<number> {
    if (step.standby === true) {
      const standby = await this.deps.keyringAccess.makeStandbyKey(context, step.algorithm);
      return this.commit(context, {
        change: { ...base, add: [standby] },
        records: [[RECORDED_AS.stage, `${standby.kid} (${standby.algorithm}, ${standby.backend}), stands by: ${step.because}`]],
      });
    }
    const attempt = `rotation-${String(base.expectedEpoch)}-${step.algorithm}`;
    const key = await this.deps.keyringAccess.makeKey(context, step.algorithm, attempt);
    return this.commit(context, {
      change: { ...base, add: [key] },
      records: [[RECORDED_AS.stage, `${key.kid} (${key.algorithm}, ${key.backend}): ${step.because}`]],
    });
  }

  /** The change is made, whatever comes of this: whoever was not told reads it within the poll. */
  private async settle(context: CallContext): Promise<void> {
    try {
      await this.deps.keyringAccess.settle(context);
    } catch (error) {
      this.deps.logger.warn('keyring.not_announced', { code: isCodedError(error) ? error.code : 'INTERNAL' });
    }
  }
}

const RECORDED_AS = {
  stage: 'keyring.key_staged',
  publish: 'keyring.key_published',
  activate: 'keyring.key_activated',
  retire: 'keyring.key_retiring',
  remove: 'keyring.key_retired',
} as const satisfies Record<RotationStep['kind'], string>;

function movesOf(ring: Keyring, step: RotationStep & { readonly kid: string }): readonly KeyMove[] {
  const { kid } = step;
  if (step.kind === 'publish') return [{ kid, from: 'pending', to: 'published' }];
  if (step.kind === 'retire') return [{ kid, from: stateIn(ring, kid), to: 'retiring' }];
  if (step.kind === 'remove') return [{ kid, from: stateIn(ring, kid), to: 'retired' }];
  const activated: KeyMove = { kid, from: 'published', to: 'active' };
  return step.replaces === null ? [activated] : [{ kid: step.replaces, from: 'active', to: 'retiring' }, activated];
}

function stateIn(ring: Keyring, kid: string): KeyState {
  const key = ring.keys.find((one) => one.kid === kid);
  if (key === undefined) throw new CodedError('KEYRING_CHANGED', { actual: `key ${kid} is not in the ring` });
  return key.state;
}

function detailOf(step: RotationStep): string {
  const replaced = step.replaces === null ? '' : `, replaces ${step.replaces}`;
  return `${String(step.kid)} (${step.algorithm})${replaced}: ${step.because}`;
}
