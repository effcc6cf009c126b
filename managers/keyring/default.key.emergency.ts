import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { KeyMove, Keyring, KeyRecord, KeyState, NewSigningKey, SigningAlgorithm } from '#accessors/key/contract.js';
import type { RotationPolicy, RotationStep, SigningEngine } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { acceptance } from './acceptance.js';
import type {
  BreakGlassRequest,
  KeyEmergency,
  KeyEmergencyReport,
  KeyEmergencyRequest,
  KeyringChangeReport,
} from './contract.js';
import { KeyringWork, type KeyringWorkDeps } from './keyring-work.js';

interface Dependencies extends KeyringWorkDeps {
  readonly signingEngine: SigningEngine;
  readonly changeTrail: ChangeTrail;
  readonly policy: RotationPolicy;
}

type Stop = 'tainted' | 'revoked';

/** The key that signs from now on. */
interface Replacement {
  readonly kid: string;
  readonly from: 'pending' | 'published';
  readonly add: readonly NewSigningKey[];
}

const STOPPABLE: Readonly<Record<Stop, readonly KeyState[]>> = {
  tainted: ['pending', 'published', 'active', 'retiring'],
  revoked: ['pending', 'published', 'active', 'retiring', 'retired', 'tainted'],
};
const IN_USE: readonly KeyState[] = ['pending', 'published', 'active', 'retiring', 'tainted'];

export class DefaultKeyEmergency implements KeyEmergency {
  private readonly work: KeyringWork;

  constructor(private readonly deps: Dependencies) {
    this.work = new KeyringWork(deps);
  }

  taint(context: CallContext, request: KeyEmergencyRequest): Promise<KeyEmergencyReport> {
    return this.stop(context, request, 'tainted');
  }

  revoke(context: CallContext, request: KeyEmergencyRequest): Promise<KeyEmergencyReport> {
    return this.stop(context, request, 'revoked');
  }

  async breakGlass(context: CallContext, request: BreakGlassRequest): Promise<KeyringChangeReport> {
    const { validateOnly, afterRestore, reason } = request;
    const algorithms = request.algorithm === undefined ? this.deps.policy.algorithms : [request.algorithm];
    return this.work.retrying(async () => {
      const ring = await this.deps.keyringAccess.keyring(context);
      refuseRestored(ring, afterRestore);
      const stopped = ring.keys.flatMap((key) => stoppedByBreakGlass(key, algorithms, afterRestore));
      const steps = algorithms.map((algorithm) => activation(ring, algorithm, { kid: null, because: `break-glass: ${reason}` }));
      if (validateOnly) return this.report(ring, { validateOnly, done: steps });

      const add: NewSigningKey[] = [];
      for (const algorithm of algorithms) add.push(await this.make(context, ring, algorithm));
      const started = add.map(({ kid }): KeyMove => ({ kid, from: 'pending', to: 'active', atOnce: true }));
      const change = { expectedEpoch: ring.epoch, fence: null, add, moves: [...stopped, ...started], aboveFloor: afterRestore };
      await this.work.commit(context, { change, records: breakGlassRecords(request, add, stopped) });
      const done = add.map(({ kid, algorithm }) => activation(ring, algorithm, { kid, because: `break-glass: ${reason}` }));
      return this.report(await this.deps.keyringAccess.keyring(context), { validateOnly, done });
    });
  }

  private stop(context: CallContext, request: KeyEmergencyRequest, to: Stop): Promise<KeyEmergencyReport> {
    return this.work.retrying(async () => {
      const ring = await this.deps.keyringAccess.keyring(context);
      // Whoever did it may have died before the others heard of it.
      if (stateIn(ring, request.kid) === to && !request.validateOnly) await this.deps.keyringAccess.settle(context);
      const key = stoppable(ring, request.kid, to);
      if (request.validateOnly) return this.stopReport(context, { ring, key, to, replacedBy: null, validateOnly: true });

      const replacement = key.state === 'active' ? await this.replacementFor(context, ring, { key, to }) : null;
      const replaced =
        replacement === null ? [] : [{ kid: replacement.kid, from: replacement.from, to: 'active', atOnce: true } as const];
      const moves: readonly KeyMove[] = [{ kid: key.kid, from: key.state, to }, ...replaced];
      const change = { expectedEpoch: ring.epoch, fence: null, add: replacement?.add ?? [], moves };
      await this.work.commit(context, { change, records: stopRecords(key, to, { reason: request.reason, replacement }) });
      const after = await this.deps.keyringAccess.keyring(context);
      return this.stopReport(context, { ring: after, key, to, replacedBy: replacement?.kid ?? null, validateOnly: false });
    });
  }

  /**
   * The next key if there is one, since some verifiers know it; else a new one. A key that somebody else may hold is revoked also
   * when no other can be made: no tokens are better than anybody's tokens.
   */
  private async replacementFor(
    context: CallContext,
    ring: Keyring,
    { key, to }: { readonly key: KeyRecord; readonly to: Stop },
  ): Promise<Replacement | null> {
    const next = ring.keys.find((one) => one.algorithm === key.algorithm && one.state === 'published' && one.standby !== true);
    if (next !== undefined) return { kid: next.kid, from: 'published', add: [] };
    try {
      const made = await this.make(context, ring, key.algorithm);
      return { kid: made.kid, from: 'pending', add: [made] };
    } catch (error) {
      if (to === 'revoked') return null;
      throw error;
    }
  }

  private make(context: CallContext, ring: Keyring, algorithm: SigningAlgorithm): Promise<NewSigningKey> {
    return this.deps.keyringAccess.makeKey(
      context,
      algorithm,
      `emergency-${String(ring.epoch)}-${String(ring.floor)}-${algorithm}`,
    );
  }

  private async stopReport(
    context: CallContext,
    of: { ring: Keyring; key: KeyRecord; to: Stop; replacedBy: string | null; validateOnly: boolean },
  ): Promise<KeyEmergencyReport> {
    const { ring, key, to, replacedBy, validateOnly } = of;
    const { policy, changeTrail } = this.deps;
    const issued = await changeTrail.issuedUnder(context, key.kid, ring.now - policy.maxTokenSeconds * 1_000);
    const ends = issued.map(({ lastExpiresAt }) => lastExpiresAt).filter((end) => end > ring.now);
    const lastExpiresAt = ends.length === 0 ? null : Math.max(...ends);
    const accepted = acceptance({ to, policy, now: ring.now, lastExpiresAt });
    const step: RotationStep = {
      kind: to === 'revoked' ? 'remove' : 'retire',
      algorithm: key.algorithm,
      kid: key.kid,
      replaces: null,
      dueAt: ring.now,
      because: `${to}, was ${key.state}`,
    };
    const activated =
      replacedBy === null ? [] : [activation(ring, key.algorithm, { kid: replacedBy, because: `replaces ${key.kid}` })];
    return { ...this.report(ring, { validateOnly, done: [step, ...activated] }), replacedBy, issued, accepted };
  }

  private report(
    ring: Keyring,
    of: { readonly validateOnly: boolean; readonly done: readonly RotationStep[] },
  ): KeyringChangeReport {
    return { ...of, epoch: ring.epoch, next: this.deps.signingEngine.planRotation(ring, this.deps.policy, ring.now) };
  }
}

function stateIn(ring: Keyring, kid: string): KeyState | undefined {
  return ring.keys.find((one) => one.kid === kid)?.state;
}

/** @throws CodedError `KEY_UNKNOWN`, `KEYRING_MOVE_REFUSED` */
function stoppable(ring: Keyring, kid: string, to: Stop): KeyRecord {
  const key = ring.keys.find((one) => one.kid === kid);
  if (key === undefined) throw new CodedError('KEY_UNKNOWN', { actual: kid });
  if (!STOPPABLE[to].includes(key.state)) throw new CodedError('KEYRING_MOVE_REFUSED', { actual: `${key.state} to ${to}` });
  return key;
}

/** @throws CodedError `KEYRING_RESTORED` */
function refuseRestored({ epoch, floor }: Keyring, afterRestore: boolean): void {
  if (epoch >= floor || afterRestore) return;
  throw new CodedError('KEYRING_RESTORED', { internal: `the keyring is at epoch ${String(epoch)}, it was at ${String(floor)}` });
}

/** After a restore nothing that the database says for a key is known to hold. */
function stoppedByBreakGlass(key: KeyRecord, algorithms: readonly SigningAlgorithm[], afterRestore: boolean): readonly KeyMove[] {
  const { kid, state } = key;
  if (afterRestore) return IN_USE.includes(state) ? [{ kid, from: state, to: 'revoked' }] : [];
  return state === 'active' && algorithms.includes(key.algorithm) ? [{ kid, from: state, to: 'retiring' }] : [];
}

function activation(ring: Keyring, algorithm: SigningAlgorithm, of: { kid: string | null; because: string }): RotationStep {
  const replaces = ring.keys.find((key) => key.algorithm === algorithm && key.state === 'active')?.kid ?? null;
  return { kind: 'activate', algorithm, replaces: replaces === of.kid ? null : replaces, dueAt: ring.now, ...of };
}

function stopRecords(
  key: KeyRecord,
  to: Stop,
  of: { readonly reason: string; readonly replacement: Replacement | null },
): readonly (readonly [string, string])[] {
  const stopped = [`keyring.key_${to}`, `${key.kid} (${key.algorithm}), was ${key.state}: ${of.reason}`] as const;
  if (of.replacement === null) return [stopped];
  return [stopped, ['keyring.key_activated_at_once', `${of.replacement.kid} (${key.algorithm}), replaces ${key.kid}`]];
}

function breakGlassRecords(
  { reason, afterRestore }: BreakGlassRequest,
  added: readonly NewSigningKey[],
  stopped: readonly KeyMove[],
): readonly (readonly [string, string])[] {
  const why = afterRestore ? `${reason} (the database was restored)` : reason;
  return [
    ...stopped.map(({ kid, to }) => ['keyring.key_stopped_by_break_glass', `${kid} is ${to}: ${why}`] as const),
    ...added.map(({ kid, algorithm }) => ['keyring.break_glass', `${kid} (${algorithm}) signs at once: ${why}`] as const),
  ];
}
