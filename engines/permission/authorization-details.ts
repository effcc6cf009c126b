import type { ResourceSelector } from '#accessors/policy/contract.js';
import type { Circumstances } from './circumstances.js';
import type { AuthorizationDetail } from './contract.js';
import type { OpenPermission } from './effective-set.js';
import { unitHolds } from './resource-selection.js';
import type { Way } from './way.js';

type Place = Omit<AuthorizationDetail, 'actions'>;

/**
 * RFC 9396: what is held on particular resources, and for which nothing else is left to decide. What a deny may still take away on
 * some of them is not among it.
 */
export function detailsOf(open: readonly OpenPermission[], circumstances: Circumstances): readonly AuthorizationDetail[] {
  const { names } = circumstances.plan.compiled.catalogue;
  const places = new Map<Way, readonly Place[]>();
  const found = new Map<string, { readonly place: Place; readonly actions: Set<string> }>();
  for (const { position, ways, denies } of open) {
    if (denies.length > 0) continue;
    for (const { way } of ways) {
      const ofWay = places.get(way) ?? placesOf(way, circumstances);
      places.set(way, ofWay);
      for (const place of ofWay) actionsAt(found, place).add(names[position] ?? '');
    }
  }
  return [...found.entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { place, actions }]) => ({ ...place, actions: [...actions].sort() }));
}

function actionsAt(found: Map<string, { readonly place: Place; readonly actions: Set<string> }>, place: Place): Set<string> {
  const key = JSON.stringify([place.datatypes, place.identifier, place.path, place.unit]);
  const entry = found.get(key) ?? { place, actions: new Set<string>() };
  found.set(key, entry);
  return entry.actions;
}

/** Where the way leads, if nothing but the place is left to decide and one place says it all. */
function placesOf(way: Way, circumstances: Circumstances): readonly Place[] {
  const [selector, ...more] = way.selectors;
  const unit = narrowestUnit(way, circumstances);
  const isOpen = way.conditions.some((condition) => circumstances.result(condition).outcome !== 'true');
  if (more.length > 0 || isOpen || unit === undefined) return [];
  const { application } = circumstances.asked.question;
  const place = {
    type: `${application.prefix}_resource`,
    datatypes: selector === undefined ? [] : [selector.type],
    locations: [application.audience],
    ...(unit === null ? {} : { unit }),
  };
  return selector === undefined ? [place] : selected(selector, place);
}

function selected({ ids, path }: ResourceSelector, place: Place): readonly Place[] {
  const within = path === null ? place : { ...place, path };
  return ids === null ? [within] : ids.map((identifier) => ({ ...within, identifier }));
}

/** `null`: units do not matter. `undefined`: no single one says what they mean together. */
function narrowestUnit({ units }: Way, circumstances: Circumstances): string | null | undefined {
  const open = units.filter((unit) => circumstances.ofUnit(unit) === 'unknown');
  return open.length === 0 ? null : open.find((unit) => open.every((other) => unitHolds(other, unit)));
}
