/** What a condition reads where. */
import { own, type Resource, type Situation } from './question.js';

const ABOUT_RESOURCES = ['id', 'type', 'unit', 'path'];

/** The value of `subject.level`; `undefined`: not known. */
export function valueOf(path: string, situation: Situation): unknown {
  const [root = '', name = ''] = path.split('.');
  if (root === 'resource') return ofResource(name, situation);
  const sources = situation.question.policy.attributes
    .filter((declared) => declared.root === root && declared.name === name)
    .map(({ source }) => source);
  const values = sources.toSorted((one, other) => rank(one) - rank(other)).map((source) => from(source, path, situation));
  return values.find((value) => value !== undefined);
}

function rank(source: string): number {
  return ['idp', 'sts', 'db'].includes(source) ? 0 : source === 'pep' ? 2 : 1;
}

function from(source: string, path: string, { question }: Situation): unknown {
  const [root = '', name = ''] = path.split('.');
  const { facts, claims } = question;
  const session = { acr: claims.acr ?? undefined, amr: claims.amr, auth_time: claims.authTime ?? undefined };
  const stored = { subject: facts.subject?.attributes ?? {}, tenant: facts.tenantAttributes };
  switch (source) {
    case 'idp':
      return root === 'session' ? own(session, name) : undefined;
    case 'sts':
      return root === 'subject' ? own({ key: facts.subject?.key, kind: facts.subject?.kind }, name) : undefined;
    case 'db':
      return root === 'subject' || root === 'tenant' ? own(stored[root], name) : undefined;
    case 'pep':
      return root === 'context' ? own(question.context ?? {}, name) : undefined;
    default:
      return question.external.values.get(path);
  }
}

function ofResource(name: string, { question, resource }: Situation): unknown {
  if (resource === null) return undefined;
  if (ABOUT_RESOURCES.includes(name)) return resource[name as keyof Resource] ?? undefined;
  const declared = question.policy.attributes.some(
    (each) => each.root === 'resource' && each.resourceType === resource.type && each.name === name && each.source === 'pep',
  );
  return declared ? own(resource.attributes, name) : undefined;
}
