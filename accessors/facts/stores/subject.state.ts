import type { SubjectRecord, UpstreamIdentity } from '../contract.js';

/** A subject to be registered, with its tenant resolved. */
export interface WantedSubject {
  readonly tenantId: string;
  readonly record: SubjectRecord;
  readonly groups: readonly string[];
}

/** A subject as it is stored; what `WantedSubject` is compared with. */
export interface StoredSubject {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly identities: readonly (readonly [instance: string, externalId: string])[];
  readonly groups: readonly string[];
}

/** What has to be written for one subject; `created` is true when it has no row yet. */
export interface SubjectChange {
  readonly id: string;
  readonly wanted: WantedSubject;
  readonly created: boolean;
  readonly attributes: boolean;
  readonly identities: boolean;
  readonly groups: boolean;
}

/** `undefined`: it is as it should be, and no row may be touched, for that would count as a change of the tenant's data. */
export function changeOf(
  wanted: WantedSubject,
  stored: StoredSubject | undefined,
  newId: () => string,
): SubjectChange | undefined {
  if (stored === undefined) {
    return { id: newId(), wanted, created: true, attributes: false, identities: true, groups: wanted.groups.length > 0 };
  }
  const { record, groups } = wanted;
  const change = {
    attributes: stored.kind !== record.kind || (record.status !== null && stored.status !== record.status),
    identities: !sameList(
      stored.identities.map(([instance, id]) => identityKey({ instance, externalId: id })),
      record.identities.map(identityKey),
    ),
    groups: !sameList([...stored.groups].sort(), groups),
  };
  if (!change.attributes && !change.identities && !change.groups) return undefined;
  return { id: stored.id, wanted, created: false, ...change };
}

/** Unambiguous, whatever characters the two parts hold. */
export function identityKey({ instance, externalId }: UpstreamIdentity): string {
  return `${instance.length}:${instance}${externalId}`;
}

/** What no database could tell as clearly: entries of the input that contradict one another. */
export function contradictions(subjects: readonly SubjectRecord[]): string[] {
  const faults: string[] = [];
  const keys = new Set<string>();
  const owners = new Map<string, string>();
  for (const { tenant, key, identities } of subjects) {
    if (keys.has(`${tenant}/${key}`)) faults.push(`subject ${tenant}/${key} is listed twice`);
    keys.add(`${tenant}/${key}`);
    if (identities.length === 0) faults.push(`subject ${tenant}/${key} has no identity`);
    for (const identity of identities) {
      const name = `${tenant}/${identityKey(identity)}`;
      const owner = owners.get(name);
      if (owner !== undefined)
        faults.push(`identity ${identity.externalId} of ${identity.instance} is listed for ${owner} and for ${tenant}/${key}`);
      owners.set(name, `${tenant}/${key}`);
    }
  }
  return faults;
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
