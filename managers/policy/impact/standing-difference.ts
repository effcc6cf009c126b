import type { Application } from '#accessors/registration/contract.js';
import type { PermissionChange } from '../contract.js';
import { holdsNothing, type PolicyStandings, type Standing } from './standing.js';

/** A change without whose it is. */
export type SubjectlessChange = Omit<PermissionChange, 'subject'>;

export interface Side {
  readonly standings: Pick<PolicyStandings, 'stepUpOf'>;
  readonly standing: Standing;
}

/** Everything that is otherwise for somebody at one application, sorted by permission. */
export function standingDifference(application: Application, before: Side, after: Side): readonly SubjectlessChange[] {
  if (isSame(before, after)) return [];
  if (holdsNothing(before.standing)) return allGained(application, after);
  const [was, is] = [holdings(before), holdings(after)];
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  return names.flatMap((permission) => {
    const change = changeOf(was.get(permission), is.get(permission)) ?? horizonMove(permission, before, after);
    return change === null ? [] : [shared(application, permission, change)];
  });
}

/** The engine answers one list for equal sets of one policy, so most subjects are told apart by nothing but these. */
function isSame(before: Side, after: Side): boolean {
  const [one, other] = [before.standing, after.standing];
  if (one.conditional.length > 0 || other.conditional.length > 0 || one.flips.size > 0 || other.flips.size > 0) return false;
  if (one.permissions.length !== other.permissions.length) return false;
  return one.permissions.every(
    (name, at) => name === other.permissions[at] && before.standings.stepUpOf(name) === after.standings.stepUpOf(name),
  );
}

/** Beside nothing, everything that is held is gained, and no horizon is compared. */
function allGained(application: Application, { standings, standing }: Side): readonly SubjectlessChange[] {
  const gained = (permission: string, residual: string): SubjectlessChange => {
    const after = inWords(withStepUp(residual, standings.stepUpOf(permission)));
    return shared(application, permission, { change: 'gained', before: null, after });
  };
  return [
    ...standing.conditional.map(({ permission, residual }) => gained(permission, residual)),
    ...standing.permissions.map((permission) => gained(permission, '')),
  ].sort((one, other) => (one.permission < other.permission ? -1 : 1));
}

/** How a permission is held: '' unconditionally. */
function holdings({ standings, standing }: Side): ReadonlyMap<string, string> {
  const held = new Map<string, string>();
  for (const { permission, residual } of standing.conditional)
    held.set(permission, withStepUp(residual, standings.stepUpOf(permission)));
  for (const permission of standing.permissions) held.set(permission, withStepUp('', standings.stepUpOf(permission)));
  return held;
}

function withStepUp(residual: string, stepUp: string): string {
  if (stepUp === '') return residual;
  return residual === '' ? `step-up: ${stepUp}` : `${residual}; step-up: ${stepUp}`;
}

type Kind = Pick<PermissionChange, 'change' | 'before' | 'after'>;

function changeOf(was: string | undefined, is: string | undefined): Kind | null {
  if (was === is) return null;
  if (was === undefined) return { change: 'gained', before: null, after: inWords(is) };
  if (is === undefined) return { change: 'lost', before: inWords(was), after: null };
  if (was === '') return { change: 'became_conditional', before: 'granted', after: is };
  if (is === '') return { change: 'became_unconditional', before: was, after: 'granted' };
  return { change: 'residual_changed', before: was, after: is };
}

function horizonMove(permission: string, before: Side, after: Side): Kind | null {
  const [was, is] = [before.standing.flips.get(permission), after.standing.flips.get(permission)];
  return was === is ? null : { change: 'horizon_moved', before: moment(was), after: moment(is) };
}

function moment(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

function inWords(residual: string | undefined): string {
  return residual === undefined || residual === '' ? 'granted' : residual;
}

/** Changes of one permission that are known, by what they say. */
interface KnownChanges {
  readonly gained: SubjectlessChange;
  readonly lost: SubjectlessChange;
  readonly others: Map<string, SubjectlessChange>;
}

/** Changes with a residual or a moment that are shared, for each permission; more are made anew for everybody. */
const MAX_OTHERS = 500;
const knownChanges = new WeakMap<Application, Map<string, KnownChanges>>();

/** One object for changes that say the same: they are digested once for each object. */
function shared(application: Application, permission: string, kind: Kind): SubjectlessChange {
  const { gained, lost, others } = knownOf(application, permission);
  const { change, before, after } = kind;
  if (change === 'gained' && after === 'granted') return gained;
  if (change === 'lost' && before === 'granted') return lost;
  // With the length nothing can be read as two different pairs; the kind tells what is not there from what is called `null`.
  const key = `${change} ${String(before?.length)} ${String(before)} ${String(after)}`;
  const known = others.get(key);
  if (known !== undefined) return known;
  const made = { audience: gained.audience, permission, risk: gained.risk, ...kind };
  if (others.size < MAX_OTHERS) others.set(key, made);
  return made;
}

function knownOf(application: Application, permission: string): KnownChanges {
  let ofApplication = knownChanges.get(application);
  if (ofApplication === undefined) {
    ofApplication = new Map();
    knownChanges.set(application, ofApplication);
  }
  let known = ofApplication.get(permission);
  if (known === undefined) {
    const of = { audience: application.audience, permission, risk: riskOf(application, permission) };
    known = {
      gained: { ...of, change: 'gained', before: null, after: 'granted' },
      lost: { ...of, change: 'lost', before: 'granted', after: null },
      others: new Map(),
    };
    ofApplication.set(permission, known);
  }
  return known;
}

const risks = new WeakMap<Application, ReadonlyMap<string, PermissionChange['risk']>>();

function riskOf(application: Application, permission: string): PermissionChange['risk'] {
  let known = risks.get(application);
  if (known === undefined) {
    known = new Map(application.permissions.map(({ name, risk }) => [name, risk ?? 'low']));
    risks.set(application, known);
  }
  return known.get(permission) ?? 'low';
}
