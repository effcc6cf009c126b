import type { AuditAccess } from '#accessors/audit/contract.js';
import type { RevocationAccess } from '#accessors/grants/revocation.contract.js';
import type {
  FirstThing,
  KeyAccess,
  Keyring,
  KeyRecord,
  NewSigningKey,
  PublishedKey,
  SigningAlgorithm,
  StandInKeys,
} from '#accessors/key/contract.js';
import type { RotationPolicy, RotationStep, SigningEngine } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type {
  ExportedKey,
  ImportKeyRequest,
  KeyringChangeReport,
  KeyringManager,
  KeyringStatus,
  KeyStatus,
  RotateRequest,
} from './contract.js';
import { Cutoffs } from './cutoffs.js';
import { FallbackTrail } from './fallback-trail.js';
import { KeyringWork, type KeyringWorkDeps } from './keyring-work.js';
import { exportedKey } from './public-key.export.js';

/** Longer than any step takes; a process that died is followed by another after it. */
const LEASE_SECONDS = 120;
const MOST_STEPS = 32;

interface Dependencies extends KeyringWorkDeps {
  readonly revocationAccess: Pick<RevocationAccess, 'current'>;
  readonly keyAccess: KeyAccess;
  readonly signingEngine: SigningEngine;
  readonly auditAccess: AuditAccess;
  /** Left out: no key stands in for another. */
  readonly standInKeys?: StandInKeys;
  readonly policy: RotationPolicy;
  readonly ids: IdSource;
  readonly clock: Clock;
}

export class DefaultKeyringManager implements KeyringManager {
  private readonly work: KeyringWork;
  private readonly signedCutoffs: Cutoffs;
  private readonly fallbackTrail: FallbackTrail;
  private readonly holder: string;

  constructor(private readonly deps: Dependencies) {
    this.work = new KeyringWork(deps);
    this.signedCutoffs = new Cutoffs(deps);
    this.fallbackTrail = new FallbackTrail(deps);
    this.holder = deps.ids.random();
  }

  async prepare(context: CallContext): Promise<void> {
    this.refuseUnsafe();
    this.fallbackTrail.follow();
    await this.deps.keyAccess.prepare(context, (made, add) => this.addedWithRecord(context, made, add));
  }

  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]> {
    return this.deps.keyAccess.publishedKeys(context);
  }

  async rotate(context: CallContext, request: RotateRequest): Promise<KeyringChangeReport> {
    const { validateOnly } = request;
    const found = await this.deps.keyringAccess.keyring(context);
    if (validateOnly) return this.report(found, { validateOnly, done: this.forRotation(found, found, request) });

    const done: RotationStep[] = [];
    return this.work.retrying(async () => {
      for (let steps = 0; steps < MOST_STEPS; steps++) {
        const ring = await this.deps.keyringAccess.keyring(context);
        const [step] = this.forRotation(ring, found, request);
        if (step === undefined) return this.report(ring, { validateOnly, done });
        await this.work.perform(context, ring, { step, fence: null });
        done.push(step);
      }
      throw tooManySteps();
    });
  }

  async advance(context: CallContext): Promise<KeyringChangeReport & { readonly held: boolean }> {
    await this.fallbackTrail.flush();
    const fence = await this.deps.keyringAccess.takeLease(context, this.holder, LEASE_SECONDS);
    if (fence === undefined) {
      return { ...this.report(await this.deps.keyringAccess.keyring(context), { validateOnly: false, done: [] }), held: false };
    }
    await this.deps.keyringAccess.settle(context);
    const done: RotationStep[] = [];
    const failures = new Map<string, unknown>();
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const ring = await this.deps.keyringAccess.keyring(context);
      const step = this.plan(ring).find((one) => isDue(one, ring) && !failures.has(nameOf(one)));
      if (step === undefined) return this.advanced(ring, done, failures);
      await this.attempt(context, ring, { step, fence }).then(
        () => done.push(step),
        (error: unknown) => failures.set(nameOf(step), error),
      );
    }
    throw tooManySteps();
  }

  async status(context: CallContext): Promise<KeyringStatus> {
    const ring = await this.deps.keyringAccess.keyring(context);
    const { epoch, floor, now } = ring;
    return { epoch, floor, now, keys: ring.keys.map(statusOf), next: this.plan(ring) };
  }

  async importKey(context: CallContext, request: ImportKeyRequest): Promise<KeyringChangeReport> {
    const { algorithm, from, validateOnly } = request;
    const key = await this.foundKey(context, request);
    const source = 'backend' in from ? from.backend : 'a private key that was handed over';
    return this.work.retrying(async () => {
      const ring = await this.deps.keyringAccess.keyring(context);
      if (ring.keys.some(({ kid }) => kid === key.kid)) {
        throw new CodedError('KEY_IMPORT_REFUSED', { actual: `key ${key.kid} is in the keyring already` });
      }
      const because = `imported from ${source}`;
      const step: RotationStep = { kind: 'publish', algorithm, kid: key.kid, replaces: null, dueAt: ring.now, because };
      if (validateOnly) return this.report(ring, { validateOnly, done: [step] });

      const change = {
        expectedEpoch: ring.epoch,
        fence: null,
        add: [key],
        moves: [{ kid: key.kid, from: 'pending', to: 'published' } as const],
      };
      await this.work.commit(context, {
        change,
        records: [['keyring.key_imported', `${key.kid} (${algorithm}) from ${source}`]],
      });
      return this.report(await this.deps.keyringAccess.keyring(context), { validateOnly, done: [step] });
    });
  }

  private foundKey(context: CallContext, { algorithm, from }: ImportKeyRequest): Promise<NewSigningKey> {
    const { keyringAccess } = this.deps;
    return 'backend' in from
      ? keyringAccess.findKey(context, { algorithm, ...from })
      : keyringAccess.keepKey(context, { algorithm, ...from });
  }

  async exportPublic(context: CallContext, kid: string | null): Promise<readonly ExportedKey[]> {
    const { keys } = await this.deps.keyringAccess.keyring(context);
    const wanted = kid === null ? keys.filter(({ state }) => state !== 'pending') : keys.filter((key) => key.kid === kid);
    if (kid !== null && wanted.length === 0) throw new CodedError('KEY_UNKNOWN', { actual: kid });
    return wanted.map(exportedKey);
  }

  cutoffs(context: CallContext): Promise<string> {
    return this.signedCutoffs.current(context);
  }

  /** A lease that was lost, or a keyring that another changed, is no fault: the next plan sees what is there. */
  private async attempt(context: CallContext, ring: Keyring, of: { step: RotationStep; fence: number }): Promise<void> {
    await this.work.perform(context, ring, of);
  }

  /**
   * What a rotation does now. A next key is made only while the key signs that signed when it was asked for: where that one was
   * followed in the meantime, by this call or by another, the rotation has happened.
   */
  private forRotation(ring: Keyring, found: Keyring, { algorithm }: RotateRequest): readonly RotationStep[] {
    return this.plan(ring).filter((step) => {
      if (algorithm !== undefined && step.algorithm !== algorithm) return false;
      if (step.kind !== 'stage' || step.standby === true) return isDue(step, ring);
      return activeKid(ring, step.algorithm) === activeKid(found, step.algorithm);
    });
  }

  private advanced(
    ring: Keyring,
    done: readonly RotationStep[],
    failures: ReadonlyMap<string, unknown>,
  ): KeyringChangeReport & { readonly held: boolean } {
    for (const error of failures.values()) if (!isCodedError(error) || error.code !== 'KEYRING_CHANGED') throw error;
    return { ...this.report(ring, { validateOnly: false, done }), held: true };
  }

  private report(
    ring: Keyring,
    of: { readonly validateOnly: boolean; readonly done: readonly RotationStep[] },
  ): KeyringChangeReport {
    return { ...of, epoch: ring.epoch, next: this.plan(ring) };
  }

  private plan(ring: Keyring): readonly RotationStep[] {
    return this.deps.signingEngine.planRotation(ring, this.deps.policy, ring.now);
  }

  /** @throws CodedError `CONFIG_INVALID` */
  private refuseUnsafe(): void {
    const faults = this.deps.signingEngine.safetyFaults(this.deps.policy);
    if (faults.length === 0) return;
    const lines = faults.map(
      ({ member, actual, least, because }) =>
        `keys.rotation.${member}: ${String(actual)}, expected at least ${String(least)}: ${because}`,
    );
    throw new CodedError('CONFIG_INVALID', { actual: lines.join('\n') });
  }

  private addedWithRecord(context: CallContext, made: FirstThing, add: () => Promise<boolean>): Promise<boolean> {
    const { unitOfWork, changeTrail } = this.deps;
    const record =
      'key' in made
        ? { what: 'keyring.key_made', detail: `${made.key}: first of an empty ring, signs at once` }
        : { what: 'keyring.secret_made', detail: made.secret };
    return unitOfWork.run(async () => {
      const isAdded = await add();
      if (isAdded) await changeTrail.recordWithin(context, { outcome: 'changed', ...record });
      return isAdded;
    });
  }
}

function statusOf(key: KeyRecord): KeyStatus {
  const { jwk: _jwk, ...status } = key;
  return status;
}

function activeKid(ring: Keyring, algorithm: SigningAlgorithm): string | undefined {
  return ring.keys.find((key) => key.algorithm === algorithm && key.state === 'active')?.kid;
}

function isDue(step: RotationStep, ring: Keyring): boolean {
  return step.dueAt <= ring.now;
}

function nameOf({ kind, algorithm, kid, standby }: RotationStep): string {
  return `${kind} ${algorithm} ${kid ?? (standby === true ? 'standby' : '')}`;
}

function tooManySteps(): CodedError {
  return new CodedError('INTERNAL', { internal: `more than ${String(MOST_STEPS)} steps of rotation are due at once` });
}
