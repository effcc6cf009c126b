import type { Circumstances } from './circumstances.js';
import type { ConditionalPermission } from './contract.js';
import type { StepUp } from '#accessors/policy/contract.js';
import { isCurrent } from './attribute-sources.js';
import { denyVerdict } from './deny-verdict.js';
import { copyTo, hasAny, hasBit, keepOnly, positionsOf, removeAll, setAll, type PermissionBits } from './permission-set.js';
import { allOf, anyOf, leastAsking, notOf, residualOf, type Alternative, type Residual } from './residual.js';
import type { FlagGate } from './segment.js';
import type { Compiled, Way } from './way.js';

/** A deny that applies to some resources. */
interface PartialDeny {
  readonly bits: PermissionBits;
  readonly residual: Residual;
}

interface OpenWay extends Alternative {
  readonly way: Way;
}

/** What the subject has in these circumstances. The sets last until the next computation with the same policy and application. */
export interface EffectiveSet {
  readonly granted: PermissionBits;
  /** Has what may be held, depending on what is not known; nothing that is granted. */
  readonly open: PermissionBits;
  /** Has all of `open` that would be granted but for a deny. */
  readonly held: PermissionBits;
  readonly openWays: readonly Way[];
  readonly openDenies: readonly PartialDeny[];
}

const NONE: readonly never[] = Object.freeze([]);

/** Computes with the sets of one application; uses the same memory again for each request. */
export class EffectiveSets {
  private readonly granted: PermissionBits;
  private readonly open: PermissionBits;
  private readonly limit: PermissionBits;
  private readonly held: PermissionBits;

  constructor(empty: () => PermissionBits) {
    this.granted = empty();
    this.open = empty();
    this.limit = empty();
    this.held = empty();
  }

  /** @param limits everything outside any of these is of no interest */
  of(circumstances: Circumstances, limits: readonly PermissionBits[]): EffectiveSet {
    const { segment } = circumstances;
    const { granted, open, held } = this;
    this.start(circumstances, limits);
    if (segment.guarded.length === 0 && segment.openDenies.length === 0)
      return { granted, open, held, openWays: NONE, openDenies: NONE };
    const openWays = this.addGuarded(circumstances);
    const openDenies = segment.openDenies.length === 0 ? NONE : this.takeDenied(circumstances);
    if (openWays.length === 0 && openDenies.length === 0) return { granted, open, held, openWays: NONE, openDenies: NONE };
    removeAll(open, granted);
    copyTo(held, granted);
    for (const { bits } of openDenies) {
      addWithin(open, bits, held);
      removeAll(granted, bits);
    }
    return { granted, open, held, openWays, openDenies };
  }

  /** What the subject holds before anything is taken away. */
  heldIn(circumstances: Circumstances): PermissionBits {
    this.limitTo([]);
    copyTo(this.granted, circumstances.segment.granted);
    this.addGuarded(circumstances);
    return this.granted;
  }

  /** Begins with what is held in any case, within boundaries and everything that takes away without looking at how it is held. */
  private start(circumstances: Circumstances, limits: readonly PermissionBits[]): void {
    const { granted, open, limit } = this;
    const { segment, plan } = circumstances;
    this.limitTo(limits);
    if (segment.settledDenies.length > 0) removeAll(limit, segment.denied);
    if (plan.compiled.gates.length > 0) removeAll(limit, segment.closed);
    for (const gate of segment.flagGates) if (!isOpenedOutside(gate, circumstances)) removeAll(limit, gate.gate.bits);
    for (const step of plan.compiled.stepUps) if (!isSteppedUp(step, circumstances)) removeAll(limit, step.bits);
    for (let word = 0; word < limit.length; word++) {
      granted[word] = (segment.granted[word] ?? 0) & (limit[word] ?? 0);
      open[word] = 0;
    }
  }

  private limitTo(limits: readonly PermissionBits[]): void {
    const { limit } = this;
    const first = limits[0];
    if (first === undefined) setAll(limit);
    else copyTo(limit, first);
    for (let next = 1; next < limits.length; next++) keepOnly(limit, limits[next] ?? limit);
  }

  private addGuarded(circumstances: Circumstances): readonly Way[] {
    const { granted, open, limit } = this;
    const openWays: Way[] = [];
    for (const way of circumstances.segment.guarded) {
      if (!bringsAnything(way.bits, limit, granted)) continue;
      const outcome = circumstances.outcomeOf(way);
      if (outcome === 'true') addWithin(granted, way.bits, limit);
      if (outcome !== 'unknown') continue;
      addWithin(open, way.bits, limit);
      openWays.push(way);
    }
    return openWays;
  }

  private takeDenied(circumstances: Circumstances): readonly PartialDeny[] {
    const { granted, open } = this;
    const partial: PartialDeny[] = [];
    for (const openDeny of circumstances.segment.openDenies) {
      const { bits } = openDeny.deny;
      if (!hasAny(bits, granted) && !hasAny(bits, open)) continue;
      const verdict = denyVerdict(openDeny, circumstances);
      if (verdict === 'does not apply') continue;
      if (verdict !== 'applies') partial.push({ bits, residual: verdict });
      else {
        removeAll(granted, bits);
        removeAll(open, bits);
      }
    }
    return partial;
  }
}

/** A permission that is neither granted nor denied. */
export interface OpenPermission {
  readonly position: number;
  /** None, where it would be granted but for a deny. */
  readonly ways: readonly OpenWay[];
  readonly denies: readonly PartialDeny[];
}

export function openPermissions(set: EffectiveSet, circumstances: Circumstances): readonly OpenPermission[] {
  const ways = set.openWays.map((way): OpenWay => ({ way, ...residualOf(way, circumstances) }));
  return positionsOf(set.open).map((position) => ({
    position,
    ways: hasBit(set.held, position) ? NONE : leastAsking(ways.filter(({ way }) => hasBit(way.bits, position))),
    denies: set.openDenies.filter(({ bits }) => hasBit(bits, position)),
  }));
}

/** What is left to decide of it. */
export function conditionalOf(
  { position, ways, denies }: OpenPermission,
  { catalogue }: Circumstances['plan']['compiled'],
): ConditionalPermission {
  const alternatives = ways.length === 0 ? [] : [anyOf(ways)];
  const { text, missing } = allOf([...alternatives, ...denies.map(({ residual }) => notOf(residual))]);
  return { permission: catalogue.names[position] ?? '', residual: text, missing };
}

export function isOpenedOutside({ missing }: FlagGate, { asked, now }: Circumstances): boolean {
  const { external } = asked.question;
  if (external.values.size === 0 || !isCurrent(external, now)) return false;
  return missing.every((flag) => external.values.get(`flag.${flag}`) === true && !external.unavailable.has(`flag.${flag}`));
}

export function isSteppedUp({ rule }: Compiled<StepUp>, { asked, now }: Circumstances): boolean {
  const { acr, authTime } = asked.question.claims;
  if (rule.acr.length > 0 && (acr === null || !rule.acr.includes(acr))) return false;
  if (rule.maxAuthAgeSeconds === null) return true;
  return authTime !== null && now - authTime * 1000 <= rule.maxAuthAgeSeconds * 1000;
}

function bringsAnything(bits: PermissionBits, limit: PermissionBits, granted: PermissionBits): boolean {
  for (let word = 0; word < bits.length; word++) {
    if (((bits[word] ?? 0) & (limit[word] ?? 0) & ~(granted[word] ?? 0)) !== 0) return true;
  }
  return false;
}

function addWithin(target: PermissionBits, bits: PermissionBits, limit: PermissionBits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) | ((bits[word] ?? 0) & (limit[word] ?? 0));
}
