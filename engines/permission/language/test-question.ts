import type {
  ExternalFacts,
  FactValue,
  FlagState,
  GrantedResource,
  NamedCondition,
  ResourceGrant,
  RoleAssignment,
  SubjectFacts,
  Subscription,
} from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { CheckedResource, PermissionQuestion, TokenClaims } from '../contract.js';
import type { TestCircumstances } from './test-reading.js';
import type { TenantState, WrittenCheck, WrittenPersona } from './test-schema.js';
import { parseMoment, readWindow } from './time-values.js';

type Values = Readonly<Record<string, FactValue>>;
const BUILT_IN = new Set(['idp', 'sts', 'db', 'pep']);

/** The question that a test asks, in the words of the engine. */
export function questionOf(
  given: TestCircumstances,
  { policy, application }: { readonly policy: PolicyVersion; readonly application: Application },
): PermissionQuestion {
  const { context, boundary, ceiling, now } = given;
  return {
    policy,
    application,
    facts: factsOf(given, policy),
    external: externalFacts(given, policy),
    claims: claimsOf(given),
    context,
    boundary,
    ceiling,
    now,
  };
}

export function resourceOf(written: WrittenCheck['resource']): CheckedResource | null {
  if (written === undefined) return null;
  const { type, id, unit, path, ...attributes } = written;
  return { type, id: id ?? null, unit: unit ?? null, path: path ?? null, attributes };
}

function claimsOf({ persona, session }: TestCircumstances): TokenClaims {
  const authTime = parseMoment(session.auth_time ?? '');
  return {
    issuer: persona.idp?.issuer ?? '',
    roles: persona.idp?.roles ?? [],
    groups: persona.idp === undefined ? [] : persona.idp.groups,
    acr: session.acr ?? null,
    amr: session.amr ?? [],
    authTime: authTime === null ? null : Math.floor(authTime / 1000),
  };
}

function factsOf({ subject, persona, tenant }: TestCircumstances, policy: PolicyVersion): SubjectFacts {
  const stored = attributesFrom('db', policy);
  return {
    tenantId: policy.tenantId,
    tenantStatus: tenant.status ?? 'active',
    tenantBoundary: tenant.boundary ?? null,
    tenantAttributes: only(tenant.attributes ?? {}, stored, 'tenant'),
    epoch: 1,
    subject: persona.registered
      ? {
          id: `test:${subject}`,
          key: subject,
          kind: persona.kind,
          status: persona.status,
          attributes: only(persona.attributes, stored, 'subject'),
          primaryIdentity: { instance: 'test', externalId: subject },
        }
      : null,
    groups: persona.groups.map((group) =>
      typeof group === 'string' ? { key: group, valid: ALWAYS } : { key: group.key, valid: readWindow(group.valid) },
    ),
    nesting: [],
    assignments: persona.assignments.map(assignment),
    grants: persona.grants.map(grant),
    subscriptions: subscriptions(tenant),
    flags: (tenant.flags ?? []).map(flagState),
  };
}

/** Ids that no rule of a policy can have. */
const ASSIGNMENT = 'test/assignment';
const GRANT = 'test/grant';

function assignment(written: WrittenPersona['assignments'][number], position: number): RoleAssignment {
  const { role, group, unit, valid, state } = written;
  return {
    id: `${ASSIGNMENT}/${position}`,
    group: group ?? null,
    role,
    unit: unit ?? null,
    condition: namedCondition(written),
    valid: readWindow(valid),
    state,
  };
}

function grant(written: WrittenPersona['grants'][number], position: number): ResourceGrant {
  const { role, permissions, group, resource, unit, valid } = written;
  return {
    id: `${GRANT}/${position}`,
    group: group ?? null,
    role: role ?? null,
    permissions: permissions ?? [],
    resource: grantedResource(resource),
    unit: unit ?? null,
    condition: namedCondition(written),
    valid: readWindow(valid),
  };
}

function grantedResource({ type, id, ids, path }: WrittenPersona['grants'][number]['resource']): GrantedResource {
  const all = [...(ids ?? []), ...(id === undefined ? [] : [id])];
  return { type, ids: all.length === 0 ? null : all, path: path ?? null };
}

function namedCondition({
  when,
  params,
}: {
  readonly when?: string | undefined;
  readonly params?: NamedCondition['params'] | undefined;
}): NamedCondition | null {
  return when === undefined ? null : { key: when, params: params ?? {} };
}

function subscriptions(tenant: TenantState): readonly Subscription[] {
  const listed = (tenant.subscriptions ?? []).map(({ tier, valid, grace_until }) => ({
    tier,
    valid: readWindow(valid),
    graceUntil: parseMoment(grace_until ?? ''),
  }));
  const { tier } = tenant;
  return tier === undefined || tier === null ? listed : [...listed, { tier, valid: ALWAYS, graceUntil: null }];
}

function flagState(flag: NonNullable<TenantState['flags']>[number]): FlagState {
  if (typeof flag === 'string') return { key: flag, enabled: true, valid: ALWAYS };
  return { key: flag.key, enabled: flag.enabled, valid: readWindow(flag.valid) };
}

/** A test says what is so; who would tell it follows from the declarations. */
function externalFacts({ persona, tenant, unavailable }: TestCircumstances, policy: PolicyVersion): ExternalFacts {
  const external = attributesFrom('external', policy);
  const values = new Map<string, FactValue>();
  for (const [root, given] of [
    ['subject', persona.attributes],
    ['tenant', tenant.attributes ?? {}],
  ] as const)
    for (const [name, value] of Object.entries(only(given, external, root))) values.set(`${root}.${name}`, value);
  for (const path of unavailable) values.delete(path);
  return { values, unavailable: new Set(unavailable), validUntil: null };
}

/** Paths of the attributes that the database tells, or that fact sources tell. */
function attributesFrom(who: 'db' | 'external', { attributes }: PolicyVersion): ReadonlySet<string> {
  const told = attributes.filter(({ source }) => (who === 'db' ? source === 'db' : !BUILT_IN.has(source)));
  return new Set(told.map(({ root, name }) => `${root}.${name}`));
}

function only(values: Values, paths: ReadonlySet<string>, root: string): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => paths.has(`${root}.${name}`)));
}
