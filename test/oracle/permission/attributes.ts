/** What a condition reads where. */
import { own, type Question, type Resource, type Situation } from './question.js';

const ABOUT_RESOURCES = ['id', 'type', 'unit', 'path'];

export function isAboutEveryResource(path: string): boolean {
  const [root, name = ''] = path.split('.');
  return root === 'resource' && ABOUT_RESOURCES.includes(name);
}

/** The value of `subject.level`; `undefined`: not known. `about`: of resources of this type alone attributes are read. */
export function valueOf(path: string, about: string | null, situation: Situation): unknown {
  const [root = '', name = ''] = path.split('.');
  if (root === 'resource') return ofResource(name, about, situation);
  const sources = situation.question.policy.attributes
    .filter((declared) => declared.root === root && declared.name === name)
    .map(({ source }) => source);
  const values = sources.toSorted((one, other) => rank(one) - rank(other)).map((source) => from(source, path, situation));
  return values.find((value) => value !== undefined);
}

function rank(source: string): number {
  return ['idp', 'sts', 'db'].includes(source) ? 0 : source === 'pep' ? 2 : 1;
}

type Known = Readonly<Record<string, unknown>>;

function from(source: string, path: string, { question }: Situation): unknown {
  const [root = '', name = ''] = path.split('.');
  const { facts, claims, context } = question;
  const ours: Readonly<Record<string, Readonly<Record<string, Known>>>> = {
    idp: { session: sessionOf(claims) },
    sts: { subject: aboutSubject(question) },
    db: { subject: facts.subject?.attributes ?? {}, tenant: facts.tenantAttributes },
    pep: { context: context ?? {} },
  };
  return Object.hasOwn(ours, source) ? own(ours[source]?.[root] ?? {}, name) : told(path, question);
}

/** What a fact source told, for as long as it may be relied on. */
export function told(path: string, { external: { values, validUntil }, now }: Question): unknown {
  return validUntil === null || now < validUntil ? values.get(path) : undefined;
}

function sessionOf({ acr, amr, authTime }: Question['claims']): Known {
  return { acr: acr ?? undefined, amr, auth_time: authTime ?? undefined };
}

function aboutSubject({ facts }: Question): Known {
  return { key: facts.subject?.key, kind: facts.subject?.kind };
}

function ofResource(name: string, about: string | null, { question, resource }: Situation): unknown {
  if (resource === null) return undefined;
  if (ABOUT_RESOURCES.includes(name)) return resource[name as keyof Resource] ?? undefined;
  const declared = question.policy.attributes.some(
    (each) =>
      each.root === 'resource' &&
      each.resourceType === resource.type &&
      each.resourceType === about &&
      each.name === name &&
      each.source === 'pep',
  );
  return declared ? own(resource.attributes, name) : undefined;
}
