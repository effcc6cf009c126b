import type { NamedCondition, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyContent } from '#accessors/policy/contract.js';

/**
 * What of the facts a pair of policies can tell apart, as one text: two subjects of a tenant with the same text stand the same
 * under both. Ids of rows and names of people are not in it unless a policy speaks of them.
 */
export class FactShapes {
  private readonly attributes: readonly string[];
  private readonly namesSubjects: boolean;
  private readonly texts = new WeakMap<object, string>();

  constructor(policies: readonly PolicyContent[]) {
    const declared = policies.flatMap(({ attributes }) => attributes.filter(({ root }) => root === 'subject'));
    this.attributes = [...new Set(declared.map(({ name }) => name))].sort();
    this.namesSubjects = policies.some(speaksOfSubjects) || this.attributes.includes('key');
  }

  of(facts: SubjectFacts): string {
    const { subject, groups, assignments, grants } = facts;
    return JSON.stringify([
      subject?.status,
      subject?.kind,
      this.namesSubjects ? subject?.key : 0,
      this.attributes.map((name) => ownMember(subject?.attributes, name)),
      groups.map(({ key, valid }) => [key, valid.from, valid.until]),
      assignments.map(({ group, role, unit, condition, valid, state }) => [
        group,
        role,
        unit,
        named(condition),
        valid.from,
        valid.until,
        state,
      ]),
      grants.map(({ group, role, permissions, resource, unit, condition, valid }) => [
        group,
        role,
        permissions,
        [resource.type, resource.ids, resource.path],
        unit,
        named(condition),
        valid.from,
        valid.until,
      ]),
      this.shared(facts.flags),
      this.shared(facts.subscriptions),
    ]);
  }

  /** Lists of the tenant, mostly one object for all of its subjects. */
  private shared(list: readonly object[]): string | 0 {
    if (list.length === 0) return 0;
    const known = this.texts.get(list);
    if (known !== undefined) return known;
    const text = JSON.stringify(list);
    this.texts.set(list, text);
    return text;
  }
}

function named(condition: NamedCondition | null): object | null {
  return condition === null ? null : [condition.key, condition.params];
}

function ownMember(attributes: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  return attributes !== undefined && Object.hasOwn(attributes, name) ? [attributes[name]] : 0;
}

function speaksOfSubjects({ bindings, denies }: PolicyContent): boolean {
  const named = (selector: string) => selector.startsWith('subject:');
  return (
    bindings.some(({ principal }) => named(principal)) ||
    denies.some(({ principals, except }) => principals.some(named) || except.some(named))
  );
}
