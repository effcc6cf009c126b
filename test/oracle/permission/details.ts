/** What is held on particular resources, and depends on nothing but which resource it is. */
import { unitHolds } from './names.js';
import type { Question, Situation } from './question.js';
import { leastOf, requirementVerdict } from './rules.js';
import type { Requirement, Way } from './ways.js';

export interface Detail {
  readonly type: string;
  readonly actions: readonly string[];
  readonly datatypes: readonly string[];
  readonly locations: readonly string[];
  readonly identifier?: string;
  readonly path?: string;
  readonly unit?: string;
}

/** @param open ways to each permission that is conditional, and on which no deny has a say */
export function detailsFor(open: ReadonlyMap<string, readonly Way[]>, question: Question): readonly Detail[] {
  const situation = { question, resource: null };
  const places = [...open].flatMap(([permission, ways]) =>
    leastOf(ways, 'as not so', situation).flatMap(({ way }) => placesOf(way, situation).map((place) => ({ permission, place }))),
  );
  const actions = new Map<string, string[]>();
  for (const { permission, place } of places) {
    const key = JSON.stringify(place);
    actions.set(key, [...(actions.get(key) ?? []), permission]);
  }
  const told = [...actions].map(([place, names]): Detail => ({
    ...(JSON.parse(place) as Omit<Detail, 'actions'>),
    actions: [...new Set(names)].toSorted(),
  }));
  return told;
}

type Is<Kind extends Requirement['is']> = Extract<Requirement, { is: Kind }>;

function placesOf({ requirements }: Way, situation: Situation): readonly Omit<Detail, 'actions'>[] {
  const isOpen = (requirement: Requirement): boolean => requirementVerdict(requirement, situation).is === 'unknown';
  const selected = requirements.filter((each): each is Is<'resource'> => each.is === 'resource');
  const units = requirements.filter((each): each is Is<'unit'> => each.is === 'unit' && isOpen(each)).map(({ unit }) => unit);
  const innermost = units.find((unit) => units.every((outer) => unitHolds(outer, unit)));
  const dependsOnMore = requirements.some((each) => each.is === 'condition' && isOpen(each));
  const isOnePlace = selected.length < 2 && (units.length === 0 || innermost !== undefined);
  return dependsOnMore || !isOnePlace ? [] : selection(selected[0], innermost, situation.question);
}

function selection(
  selected: Is<'resource'> | undefined,
  unit: string | undefined,
  { application: { prefix, audience } }: Question,
): readonly Omit<Detail, 'actions'>[] {
  const { type, path, ids } = selected ?? { type: null, path: null, ids: null };
  const place = {
    type: `${prefix}_resource`,
    datatypes: type === null ? [] : [type],
    locations: [audience],
    ...(unit === undefined ? {} : { unit }),
    ...(path === null ? {} : { path }),
  };
  return ids === null ? [place] : ids.map((identifier) => ({ ...place, identifier }));
}
