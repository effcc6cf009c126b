import type {
  AttributeDeclaration,
  AttributeValue,
  ConditionUse,
  PolicyContent,
  ResourceSelector,
  RoleDefinition,
} from '#accessors/policy/contract.js';
import type { PolicyFile } from '../policy-language.contract.js';
import { API_VERSION } from './form-values.js';
import { USUAL_SOURCES } from './policy-reading.js';
import { writeDuration, writeWindow } from './time-values.js';

const ROOTS = ['subject', 'tenant', 'session', 'context', 'flag'] as const;

type Written = Readonly<Record<string, AttributeValue>>;

/** The file as a value. What says nothing is left out. */
export function writePolicy({ tenant, set, message, content }: PolicyFile): Written {
  return {
    apiVersion: API_VERSION,
    kind: 'PolicySet',
    metadata: { tenant, name: set, ...(message === '' ? {} : { message }) },
    ...section('attributes', attributes(content.attributes)),
    ...section('conditions', Object.fromEntries(content.conditions.map(({ key, expression }) => [key, expression]))),
    roles: Object.fromEntries(content.roles.map((role) => [role.key, roleMembers(role)])),
    ...section('mappings', mappings(content)),
    ...section('bindings', bindings(content)),
    ...section('tiers', tiers(content)),
    ...section('gates', gates(content)),
    ...section('denies', denies(content)),
    ...section('stepUps', stepUps(content)),
    ...section('routes', routes(content)),
  };
}

function section(name: string, value: AttributeValue): Written {
  const members = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return members.length === 0 ? {} : { [name]: value };
}

function optional(name: string, value: AttributeValue | undefined): Written {
  return value === null || value === undefined ? {} : { [name]: value };
}

function attributes(declared: readonly AttributeDeclaration[]): AttributeValue {
  const members = (wanted: (one: AttributeDeclaration) => boolean): Written => {
    const some = declared.filter(wanted);
    return Object.fromEntries(some.map(({ name }) => [name, attributeForm(some.filter((one) => one.name === name))]));
  };
  const plain = ROOTS.map((root) => [root, members((one) => one.root === root)] as const);
  const types = new Set(declared.flatMap(({ resourceType }) => resourceType ?? []));
  const resources = [...types].map((type) => [type, members(({ resourceType }) => resourceType === type)] as const);
  return {
    ...Object.fromEntries(plain.filter(([, one]) => Object.keys(one).length > 0)),
    ...section('resource', Object.fromEntries(resources)),
  };
}

/** Several declarations of one attribute differ in who tells it. */
function attributeForm(declared: readonly AttributeDeclaration[]): AttributeValue {
  const [first] = declared;
  if (first === undefined) return {};
  const { root, type } = first;
  const sources = declared.map(({ source }) => source);
  const [source = ''] = sources;
  if (sources.length > 1) return { type, source: sources };
  return source === USUAL_SOURCES[root] ? type : { type, source };
}

function roleMembers({ grants, exclude, inherits, assignment }: RoleDefinition): Written {
  return {
    ...section('inherits', inherits),
    ...section('grants', grants),
    ...section('exclude', exclude),
    ...(assignment === undefined ? {} : { assignment: { mode: assignment } }),
  };
}

function mappings({ mappings: all }: PolicyContent): AttributeValue {
  return all.map(({ issuer, claim, value, role, group, unit, condition }) => ({
    issuer,
    claim,
    equals: value,
    ...optional('role', role),
    ...optional('group', group),
    ...optional('unit', unit),
    ...conditionMembers(condition),
  }));
}

function bindings({ bindings: all }: PolicyContent): AttributeValue {
  return all.map(({ id, principal, role, permissions, unit, condition, resource, valid }) => ({
    id,
    principal,
    ...optional('role', role),
    ...section('permissions', permissions),
    ...optional('unit', unit),
    ...conditionMembers(condition),
    ...(resource === null ? {} : { resource: resourceMembers(resource) }),
    ...optional('valid', writeWindow(valid)),
  }));
}

function tiers({ tiers: all }: PolicyContent): AttributeValue {
  return all.map(({ key, flags }) => ({ key, ...section('flags', flags) }));
}

function gates({ gates: all }: PolicyContent): AttributeValue {
  return all.map(({ id, permissions, tier, flags }) => ({
    id,
    permissions,
    ...optional('tier', tier),
    ...section('flags', flags),
  }));
}

function denies({ denies: all }: PolicyContent): AttributeValue {
  return all.map(({ id, principals, permissions, except, condition, valid }) => ({
    id,
    principals,
    permissions,
    ...section('except', except),
    ...conditionMembers(condition),
    ...optional('valid', writeWindow(valid)),
  }));
}

function stepUps({ stepUps: all }: PolicyContent): AttributeValue {
  return all.map(({ id, permissions, acr, maxAuthAgeSeconds }) => ({
    id,
    permissions,
    ...section('acr', acr),
    ...(maxAuthAgeSeconds === null ? {} : { maxAuthAge: writeDuration(maxAuthAgeSeconds) }),
  }));
}

function routes({ routes: all }: PolicyContent): AttributeValue {
  return all.map(({ match, application, permission, resource }) => ({
    ...{ match, application, permission },
    ...(resource === null ? {} : { resource: { ...resource } }),
  }));
}

function conditionMembers(condition: ConditionUse | null | undefined): Written {
  if (condition === null || condition === undefined) return {};
  return { when: condition.key ?? condition.expression, ...section('params', condition.params) };
}

function resourceMembers({ type, ids, path }: ResourceSelector): Written {
  return { type, ...optional('ids', ids), ...optional('path', path) };
}
