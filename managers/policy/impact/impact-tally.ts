import { createHash, hash } from 'node:crypto';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PermissionChange, PlanReport } from '../contract.js';
import type { RuleTouch } from './rule-touch.js';
import type { SubjectlessChange } from './standing-difference.js';

/** What changes for everybody whose facts have one shape, worked out once. */
export interface ShapeImpact {
  readonly changes: readonly SubjectlessChange[];
  readonly loses: boolean;
  readonly gains: boolean;
  /** Names of the differing rules that concern them. */
  readonly rules: readonly string[];
  /** The same exactly for the same changes, moments of horizons left out. */
  readonly digest: string;
}

export interface Gain {
  readonly audience: string;
  readonly permission: string;
  readonly risk: PermissionChange['risk'];
}

type Counts = Record<PermissionChange['change'], number>;

const MAX_LISTED = 1000;
/** Impacts whose subjects are counted before what they mean is added up. */
const MAX_PENDING = 50_000;
/** Characters that are collected before they are digested. */
const DIGESTED_AT_ONCE = 65_536;
export const NO_IMPACT: ShapeImpact = { changes: [], loses: false, gains: false, rules: [], digest: '' };

export function shapeImpact(changes: readonly SubjectlessChange[], facts: SubjectFacts, touch: RuleTouch): ShapeImpact {
  if (changes.length === 0) return NO_IMPACT;
  return {
    changes,
    loses: changes.some(({ change }) => change === 'lost' || change === 'became_conditional'),
    gains: changes.some(({ change }) => change === 'gained' || change === 'became_unconditional'),
    rules: touch.concerning(
      facts,
      changes.map(({ permission }) => permission),
    ),
    digest: hash('sha256', changes.map(digestOf).join(''), 'base64url'),
  };
}

/** Adds up what changes for whom. What one impact means is added once for all whom it concerns. */
export class ImpactTally {
  subjects = 0;
  changed = 0;
  losing = 0;
  gaining = 0;
  private readonly listed: PermissionChange[] = [];
  private readonly risks = new Map<string, Counts>();
  private readonly rules = new Map<string, number>();
  private readonly gainedOnce = new Map<string, Map<string, Gain>>();
  private readonly pending = new Map<ShapeImpact, number>();
  private readonly outcome = createHash('sha256');
  private undigested = '';

  add(subject: { readonly id: string; readonly key: string }, impact: ShapeImpact): void {
    this.subjects += 1;
    if (impact.changes.length === 0) return;
    this.changed += 1;
    if (impact.loses) this.losing += 1;
    if (impact.gains) this.gaining += 1;
    this.list(subject.key, impact);
    this.undigested += `${subject.id}\n${impact.digest}\n`;
    if (this.undigested.length >= DIGESTED_AT_ONCE) this.digestCollected();
    this.pending.set(impact, (this.pending.get(impact) ?? 0) + 1);
    if (this.pending.size >= MAX_PENDING) this.addPending();
  }

  get changes(): readonly PermissionChange[] {
    return this.listed;
  }

  /** Each permission that anybody would hold more of, once. */
  get gains(): readonly Gain[] {
    this.addPending();
    return [...this.gainedOnce.values()].flatMap((gains) => [...gains.values()]);
  }

  get byRisk(): PlanReport['byRisk'] {
    this.addPending();
    return Object.fromEntries([...this.risks].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  get byRule(): PlanReport['byRule'] {
    this.addPending();
    return [...this.rules].map(([rule, subjects]) => ({ rule, subjects })).sort((one, other) => (one.rule < other.rule ? -1 : 1));
  }

  /** The same exactly when the same subjects, in the same order, would see the same changes. Moments of horizons are left out. */
  digest(): string {
    this.digestCollected();
    return this.outcome.copy().digest('hex');
  }

  private list(subject: string, { changes }: ShapeImpact): void {
    const room = MAX_LISTED - this.listed.length;
    if (room <= 0) return;
    for (const change of changes.slice(0, room)) this.listed.push({ subject, ...change });
  }

  private digestCollected(): void {
    this.outcome.update(this.undigested);
    this.undigested = '';
  }

  private addPending(): void {
    for (const [impact, subjects] of this.pending) {
      for (const rule of impact.rules) this.rules.set(rule, (this.rules.get(rule) ?? 0) + subjects);
      for (const change of impact.changes) {
        this.countsOf(change.risk)[change.change] += subjects;
        if (isGain(change)) this.noteGain(change);
      }
    }
    this.pending.clear();
  }

  private noteGain({ audience, permission, risk }: Gain): void {
    const gained = this.gainedOnce.get(audience) ?? new Map<string, Gain>();
    this.gainedOnce.set(audience, gained);
    if (!gained.has(permission)) gained.set(permission, { audience, permission, risk });
  }

  private countsOf(risk: string): Counts {
    const known = this.risks.get(risk);
    if (known !== undefined) return known;
    const counts: Counts = {
      gained: 0,
      lost: 0,
      became_conditional: 0,
      became_unconditional: 0,
      residual_changed: 0,
      horizon_moved: 0,
    };
    this.risks.set(risk, counts);
    return counts;
  }
}

/**
 * SECURITY: whatever may be more than before counts as a gain: another condition need not be a narrower one, and a later end is
 * more too.
 */
function isGain({ change, before, after }: Pick<PermissionChange, 'change' | 'before' | 'after'>): boolean {
  if (change === 'lost' || change === 'became_conditional') return false;
  if (change !== 'horizon_moved') return true;
  return after === null || (before !== null && after > before);
}

const digests = new WeakMap<SubjectlessChange, string>();

/** Once for each change object: most are shared by everybody whom they concern. */
function digestOf(of: SubjectlessChange): string {
  let digest = digests.get(of);
  if (digest === undefined) {
    const { audience, permission, change, before, after } = of;
    const said = change === 'horizon_moved' ? [audience, permission, change] : [audience, permission, change, before, after];
    digest = hash('sha256', JSON.stringify(said), 'base64url');
    digests.set(of, digest);
  }
  return digest;
}
