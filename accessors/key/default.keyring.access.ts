import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Keyring, KeyringAccess, KeyringChange, KeyMove, KeyRecord, NewSigningKey, SigningAlgorithm } from './contract.js';
import type { DefaultKeyAccess } from './default.key.access.js';
import type { EpochFloorFile } from './epoch-floor.file.js';
import type { KeyMaker } from './key-maker.js';
import { isKeyState } from './key-states.js';
import type { KeyStore, NewKey, StoredKey } from './key.store.js';
import type { KeyringStore, StoppedKey } from './keyring.store.js';
import type { SigningBackends } from './signing-backends.js';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
const MOST_KEPT = 64;

interface Dependencies {
  readonly store: KeyStore;
  readonly keyringStore: KeyringStore;
  readonly backends: SigningBackends;
  readonly maker: KeyMaker;
  readonly floor: EpochFloorFile;
  readonly changeFeed: ChangeFeed;
  readonly logger: Logger;
  readonly keyAccess: Pick<DefaultKeyAccess, 'refresh'>;
}

export class DefaultKeyringAccess implements KeyringAccess {
  /** What callers hold is the name of a key; its sealed half stays here until `change` adds it. */
  private readonly made = new Map<string, NewKey>();

  constructor(private readonly deps: Dependencies) {}

  async keyring(_context: CallContext): Promise<Keyring> {
    const floorOf = this.deps.floor.seen();
    const { epoch, installation, now, keys } = await this.deps.store.keyring();
    return { epoch, floor: floorOf(installation), now, keys: keys.flatMap(recordOf) };
  }

  async makeKey(_context: CallContext, algorithm: SigningAlgorithm, attempt: string): Promise<NewSigningKey> {
    return this.hold(await this.deps.maker.make(algorithm, attempt));
  }

  async makeStandbyKey(_context: CallContext, algorithm: SigningAlgorithm): Promise<NewSigningKey> {
    return this.hold(await this.deps.maker.makeStandby(algorithm));
  }

  async findKey(
    _context: CallContext,
    wanted: { readonly algorithm: SigningAlgorithm; readonly backend: string; readonly reference: string },
  ): Promise<NewSigningKey> {
    return this.hold(await this.deps.maker.find(wanted.algorithm, wanted.backend, wanted.reference));
  }

  async keepKey(
    _context: CallContext,
    { algorithm, privateKey }: { readonly algorithm: SigningAlgorithm; readonly privateKey: Buffer },
  ): Promise<NewSigningKey> {
    return this.hold(await this.deps.maker.keep(algorithm, privateKey));
  }

  async change(_context: CallContext, change: KeyringChange): Promise<number> {
    const { keyringStore, floor } = this.deps;
    const floorOf = floor.seen();
    const { installation, epoch: found } = await this.deps.store.keyring();
    const least = floorOf(installation);
    if (found < least && change.aboveFloor !== true) {
      throw new CodedError('KEYRING_RESTORED', {
        internal: `the keyring is at epoch ${String(found)}, it was at ${String(least)}`,
      });
    }
    const epoch = await keyringStore.countUp(change.expectedEpoch, least);
    if (change.fence !== null) await keyringStore.checkFence(change.fence);
    for (const key of change.add ?? []) await keyringStore.add(this.heldKey(key.kid));
    for (const move of stoppingFirst(change.moves ?? [])) await keyringStore.move(move);
    return epoch;
  }

  async settle(_context: CallContext): Promise<void> {
    const { installation, epoch } = await this.deps.store.keyring();
    this.deps.floor.raise(installation, epoch);
    await this.deps.changeFeed.announce();
    await this.deps.keyAccess.refresh();
    for (const key of await this.deps.keyringStore.stoppedElsewhere()) await this.endPrivateHalf(key);
  }

  takeLease(_context: CallContext, holder: string, seconds: number): Promise<number | undefined> {
    return this.deps.keyringStore.takeLease(holder, seconds);
  }

  private hold(key: NewKey): NewSigningKey {
    const [oldest] = this.made.keys();
    if (oldest !== undefined && this.made.size >= MOST_KEPT) this.made.delete(oldest);
    this.made.set(key.kid, key);
    return { kid: key.kid, algorithm: key.algorithm, backend: key.backend };
  }

  private heldKey(kid: string): NewKey {
    const key = this.made.get(kid);
    if (key === undefined) throw new CodedError('INTERNAL', { internal: `key ${kid} was not made here` });
    return key;
  }

  /** Tried again by the next call: a backend that is away has the key still, and the ring does not use it. */
  private async endPrivateHalf({ kid, backend, reference }: StoppedKey): Promise<void> {
    try {
      await this.deps.backends.named(backend)?.destroy({ reference, sealed: null });
      await this.deps.keyringStore.notePrivateHalfEnded(kid);
    } catch {
      this.deps.logger.warn('keyring.private_half_not_ended', { kid, backend });
    }
  }
}

/** INVARIANT: one key of an algorithm is active at any time, also between two statements; the index would refuse a second. */
function stoppingFirst(moves: readonly KeyMove[]): readonly KeyMove[] {
  return [...moves.filter(({ to }) => to !== 'active'), ...moves.filter(({ to }) => to === 'active')];
}

/** A row of another version, in a state or of an algorithm that is not known here, is left to that version. */
function recordOf(stored: StoredKey): KeyRecord[] {
  const algorithm = ALGORITHMS.find((known) => known === stored.algorithm);
  if (algorithm === undefined || !isKeyState(stored.state)) return [];
  const { kid, state, backend, signsAtOnce, createdAt, publishedAt, activatedAt, stoppedAt, endedAt } = stored;
  const standby = stored.standby ? { standby: true } : {};
  const jwk = { ...(typeof stored.publicJwk === 'object' ? stored.publicJwk : {}), kid, alg: algorithm, use: 'sig' };
  const times = { createdAt, publishedAt, activatedAt, stoppedAt, endedAt };
  return [{ kid, algorithm, state, backend, jwk, signsAtOnce, ...standby, ...times }];
}
