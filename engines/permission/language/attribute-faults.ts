import type { AttributeDeclaration, PolicyContent } from '#accessors/policy/contract.js';
import type { PolicyFault } from '../contract.js';
import { isAttributeName, MESSAGES } from './form-values.js';

/** Who may tell what. SECURITY: whoever asks tells nothing about the subject, its tenant or its session. */
const BUILT_IN_SOURCES: Readonly<Record<AttributeDeclaration['root'], readonly string[]>> = {
  subject: ['db', 'sts'],
  tenant: ['db', 'sts'],
  session: ['idp'],
  context: ['pep'],
  resource: ['pep'],
  flag: [],
};
const ALL_BUILT_IN = new Set(Object.values(BUILT_IN_SOURCES).flat());
const EXTERNAL_ROOTS = new Set<string>(['subject', 'tenant', 'flag']);
/** What the verified token and this service itself tell, with its types. */
const TOLD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'session idp': { acr: 'string', amr: 'list<string>', auth_time: 'timestamp' },
  'subject sts': { key: 'string', kind: 'string' },
  'tenant sts': { id: 'string', tier: 'string', flags: 'list<string>' },
};
/** Every resource has them. */
const OF_ANY_RESOURCE = new Set(['id', 'type', 'unit', 'path']);
const SIMPLE = new Set(['bool', 'int', 'double', 'string', 'timestamp', 'duration']);
const MAX_NESTING = 4;

/** Declarations that mean nothing, or that would let the wrong one tell. */
export function attributeFaults({ attributes }: PolicyContent, factSources: readonly string[] | null): readonly PolicyFault[] {
  const seen = new Map<string, AttributeDeclaration>();
  return attributes.flatMap((declared) => {
    const path = attributePath(declared);
    const earlier = seen.get(path);
    seen.set(path, declared);
    return [
      ...(earlier === undefined || earlier.type === declared.type ? [] : [{ path, message: 'declared twice, with two types' }]),
      ...(earlier?.source === declared.source ? [{ path, message: 'this attribute is declared twice' }] : []),
      ...nameFaults(path, declared),
      ...typeFaults(path, declared),
      ...sourceFaults(path, declared, factSources),
    ];
  });
}

function attributePath({ root, resourceType, name }: AttributeDeclaration): string {
  return resourceType === null ? `attributes.${root}.${name}` : `attributes.${root}.${resourceType}.${name}`;
}

function nameFaults(path: string, { root, resourceType, name }: AttributeDeclaration): readonly PolicyFault[] {
  if (!isAttributeName(name) || name === '__proto__') return [{ path, message: MESSAGES.attribute }];
  if ((root === 'resource') !== (resourceType !== null))
    return [{ path, message: 'attributes of resources, and of these alone, belong to a type of resource' }];
  if (resourceType !== null && (!isAttributeName(resourceType) || resourceType === '__proto__'))
    return [{ path, message: MESSAGES.attribute }];
  return root === 'resource' && OF_ANY_RESOURCE.has(name) ? [{ path, message: 'every resource has this; leave it out' }] : [];
}

function typeFaults(path: string, { root, name, type, source }: AttributeDeclaration): readonly PolicyFault[] {
  if (!isType(type)) {
    const message = 'expected bool, int, double, string, timestamp, duration, list<TYPE> or map<string, TYPE>';
    return [{ path, message }];
  }
  if (root === 'flag' && type !== 'bool') return [{ path, message: 'expected bool' }];
  const told = TOLD[`${root} ${source}`];
  if (told === undefined) return [];
  const expected = Object.hasOwn(told, name) ? told[name] : undefined;
  if (expected === undefined) return [{ path, message: `${source} tells ${Object.keys(told).join(', ')}, and nothing else` }];
  return expected === type ? [] : [{ path, message: `expected ${expected}` }];
}

function sourceFaults(
  path: string,
  { root, source }: AttributeDeclaration,
  factSources: readonly string[] | null,
): readonly PolicyFault[] {
  if (BUILT_IN_SOURCES[root].includes(source)) return [];
  const allowed = BUILT_IN_SOURCES[root].join(' or ') || 'a fact source';
  if (ALL_BUILT_IN.has(source)) return [{ path, message: `${root} attributes come from ${allowed}, not from ${source}` }];
  if (!EXTERNAL_ROOTS.has(root)) return [{ path, message: `${root} attributes come from ${allowed}, not from a fact source` }];
  if (!/^[a-z0-9-]{1,64}$/.test(source)) return [{ path, message: 'expected the name of a fact source' }];
  if (factSources === null || factSources.includes(source)) return [];
  return [{ path, message: `there is no fact source ${source}` }];
}

function isType(type: string, nesting = 0): boolean {
  if (SIMPLE.has(type)) return true;
  if (nesting >= MAX_NESTING) return false;
  const inner = /^(?:list<|map<string,\s*)(.+)>$/.exec(type)?.[1];
  return inner !== undefined && isType(inner, nesting + 1);
}
