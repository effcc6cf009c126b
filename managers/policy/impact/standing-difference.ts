import type { Application } from '#accessors/registration/contract.js';
import type { PermissionChange } from '../contract.js';
import type { PolicyStandings, Standing } from './standing.js';

/** A change without whose it is. */
export type SubjectlessChange = Omit<PermissionChange, 'subject'>;

export interface Side {
  readonly standings: Pick<PolicyStandings, 'stepUpOf'>;
  readonly standing: Standing;
}

/** Everything that is otherwise for somebody at one application, sorted by permission. */
export function standingDifference(application: Application, before: Side, after: Side): readonly SubjectlessChange[] {
  if (isSame(before, after)) return [];
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

const plain = new WeakMap<Application, Map<string, SubjectlessChange>>();

/** One object for what is gained or lost without conditions: it is what changes for most, and is compared and digested by object. */
function shared(application: Application, permission: string, kind: Kind): SubjectlessChange {
  const known = plain.get(application) ?? new Map<string, SubjectlessChange>();
  plain.set(application, known);
  const isPlain = (kind.change === 'gained' && kind.after === 'granted') || (kind.change === 'lost' && kind.before === 'granted');
  const key = `${kind.change} ${permission}`;
  const before = isPlain ? known.get(key) : undefined;
  if (before !== undefined) return before;
  const change = { audience: application.audience, permission, risk: riskOf(application, permission), ...kind };
  if (isPlain) known.set(key, change);
  return change;
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
