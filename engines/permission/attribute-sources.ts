import type { ExternalFacts } from '#accessors/facts/contract.js';
import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type { CheckedResource, PermissionQuestion } from './contract.js';
import { listIn } from './lists.js';

type Values = Readonly<Record<string, AttributeValue>>;
type Root = AttributeDeclaration['root'];
export type AttributeLookup = (root: string, name: string) => AttributeValue | undefined;

/** What is read where, for one question. */
export interface AttributeOrigin {
  readonly question: PermissionQuestion;
  readonly resource: CheckedResource | null;
  readonly now: number;
  /** What this service can say of the tenant at this moment. */
  readonly tenantFacts: () => Values;
}

/** Where several may say the same attribute: what is stored, then fact sources, then whoever asks. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ['idp', 0],
  ['sts', 0],
  ['db', 0],
  ['pep', 2],
]);

/** Who may say which attribute. SECURITY: what is not declared is not known, whoever says it. */
export class AttributeSources {
  private readonly sources = new Map<Root, Map<string, string[]>>();
  private readonly ofResources = new Map<string, Set<string>>();
  readonly readsTenantFacts: boolean;

  constructor(declarations: readonly AttributeDeclaration[]) {
    for (const { root, name, source, resourceType } of declarations) {
      if (root !== 'resource') listIn(this.namesOf(root), name).push(source);
      else if (source === 'pep' && resourceType !== null) this.declareOf(resourceType, name);
    }
    for (const names of this.sources.values()) {
      for (const list of names.values()) list.sort((left, right) => rankOf(left) - rankOf(right) || (left < right ? -1 : 1));
    }
    this.readsTenantFacts = [...(this.sources.get('tenant')?.values() ?? [])].some((list) => list.includes('sts'));
  }

  /**
   * @param resourceType the type that the condition is about. SECURITY: a resource of another type may have attributes of the same
   *   names that mean something else, so that nothing is known of them.
   */
  lookup(origin: AttributeOrigin, resourceType: string | null): AttributeLookup {
    return (root, name) =>
      root === 'resource' ? this.ofResource(origin.resource, name, resourceType) : this.read(origin, root, name);
  }

  private read(origin: AttributeOrigin, root: string, name: string): AttributeValue | undefined {
    const sources = this.sources.get(root as Root)?.get(name);
    if (sources === undefined) return undefined;
    for (const source of sources) {
      const value = valueFrom(source, origin, [root, name]);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  private ofResource(resource: CheckedResource | null, name: string, about: string | null): AttributeValue | undefined {
    if (resource === null) return undefined;
    if (name === 'id' || name === 'type' || name === 'unit' || name === 'path') return resource[name] ?? undefined;
    if (resource.type !== about) return undefined;
    return this.ofResources.get(resource.type)?.has(name) === true ? own(resource.attributes, name) : undefined;
  }

  private namesOf(root: Root): Map<string, string[]> {
    const known = this.sources.get(root);
    if (known !== undefined) return known;
    const made = new Map<string, string[]>();
    this.sources.set(root, made);
    return made;
  }

  private declareOf(type: string, name: string): void {
    const known = this.ofResources.get(type);
    if (known === undefined) this.ofResources.set(type, new Set([name]));
    else known.add(name);
  }
}

/** Whether what fact sources said may still be relied on. */
export function isCurrent({ validUntil }: ExternalFacts, now: number): boolean {
  return validUntil === null || now < validUntil;
}

function valueFrom(source: string, origin: AttributeOrigin, [root, name]: readonly [string, string]): AttributeValue | undefined {
  const { question } = origin;
  switch (source) {
    case 'idp':
      return root === 'session' ? sessionValue(question, name) : undefined;
    case 'sts':
      return serviceValue(origin, root, name);
    case 'db':
      return storedValue(question, root, name);
    case 'pep':
      return root === 'context' && question.context !== null ? own(question.context, name) : undefined;
    default:
      return externalValue(origin, root, name);
  }
}

function sessionValue({ claims }: PermissionQuestion, name: string): AttributeValue | undefined {
  if (name === 'acr') return claims.acr ?? undefined;
  if (name === 'amr') return claims.amr;
  return name === 'auth_time' ? (claims.authTime ?? undefined) : undefined;
}

function serviceValue(origin: AttributeOrigin, root: string, name: string): AttributeValue | undefined {
  const { subject } = origin.question.facts;
  if (root === 'subject') return name === 'key' ? subject?.key : name === 'kind' ? subject?.kind : undefined;
  return root === 'tenant' ? own(origin.tenantFacts(), name) : undefined;
}

function storedValue({ facts }: PermissionQuestion, root: string, name: string): AttributeValue | undefined {
  if (root === 'tenant') return own(facts.tenantAttributes, name);
  return root === 'subject' && facts.subject !== null ? own(facts.subject.attributes, name) : undefined;
}

function externalValue({ question, now }: AttributeOrigin, root: string, name: string): AttributeValue | undefined {
  if (root !== 'subject' && root !== 'tenant') return undefined;
  const path = `${root}.${name}`;
  const { external } = question;
  return isCurrent(external, now) && !external.unavailable.has(path) ? external.values.get(path) : undefined;
}

/** SECURITY: never a member that objects have anyway, such as `constructor`. */
function own(values: Values, name: string): AttributeValue | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function rankOf(source: string): number {
  return RANKS.get(source) ?? 1;
}
