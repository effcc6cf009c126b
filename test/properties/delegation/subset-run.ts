import type { ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { DelegationEngine } from '#engines/delegation/contract.js';
import { DefaultDelegationEngine } from '#engines/delegation/default.delegation.engine.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { heldBy, type ModelRole, type ModelSubject, most, within } from '../../oracle/delegation/subset.js';
import { Prng } from '../../fuzz/mutator/prng.js';
import { DelegationWorld, factsWith, type Outcome, policyWith } from './delegation.world.js';

const APPLICATIONS = ['a', 'b'] as const;
type ApplicationName = (typeof APPLICATIONS)[number];
const RESOURCES = ['x', 'y', 'z'];
const VERBS = ['read', 'write', 'list', 'close'];
const permissionsOf = (application: string): readonly string[] =>
  RESOURCES.flatMap((resource) => VERBS.map((verb) => `${application}:${resource}:${verb}`));
const PERMISSIONS: Readonly<Record<ApplicationName, readonly string[]>> = { a: permissionsOf('a'), b: permissionsOf('b') };

const KINDS = ['own', 'on behalf of', 'impersonation', 'narrowed', 'hop'] as const;
type Kind = (typeof KINDS)[number];

/** One random question, what came of it, and what may at most. */
export interface SubsetCase {
  readonly kind: Kind;
  readonly outcome: Outcome;
  /** In the order of the catalogue. */
  readonly upper: readonly string[];
  readonly told: string;
}

/** Random policies, registrations and requests, each exchanged by the service, with what may come of it by plain sets. */
export class SubsetRun {
  private readonly world: DelegationWorld;
  private readonly upstream: string;

  constructor(delegationEngine: DelegationEngine = new DefaultDelegationEngine()) {
    this.world = new DelegationWorld({ ...WORLD, delegationEngine });
    this.upstream = this.world.upstreamToken({ aud: 'api-a', client_id: 'web-at-idp' });
  }

  /** `undefined`: the first of two exchanges came to nothing, so there is none to ask about. */
  async caseAt(seed: number, index: number): Promise<SubsetCase | undefined> {
    const random = new Prng(seed, index);
    const kind = random.pick(KINDS);
    this.world.records.length = 0;
    const before = this.standing(random);
    if (kind === 'own') return this.once(random, kind, { by: 'web', before });
    if (kind === 'on behalf of' || kind === 'impersonation') return this.once(random, kind, { by: 'svc-a', before });
    return this.twice(random, kind, before);
  }

  private async once(
    random: Prng,
    kind: Kind,
    { by, before }: { readonly by: string; readonly before: ModelSubject },
  ): Promise<SubsetCase> {
    const target = targetOf(random, 'a');
    const scope = scopeOf(random, 'a', target.scopes);
    const impersonation = kind === 'impersonation';
    const client = clientWith(by, [target]);
    const outcome = await this.world.exchange(client, {
      subjectToken: this.upstream,
      audience: ['a'],
      impersonation,
      ...asked(scope),
    });
    const ceiling = impersonation ? (target.impersonation ?? []) : target.delegationCeiling;
    const limits = [target.scopes, scope, ...(kind === 'own' ? [] : [ceiling])];
    return { kind, outcome, upper: most(heldBy(before, PERMISSIONS.a), limits), told: tell({ before, target, scope }) };
  }

  /** The policy is another one by the second exchange: what counts is what holds then. */
  private async twice(random: Prng, kind: Kind, before: ModelSubject): Promise<SubsetCase | undefined> {
    const first = targetOf(random, 'a');
    const narrow = scopeOf(random, 'a', first.scopes);
    const token = await this.world.exchange(clientWith('web', [first]), {
      subjectToken: this.upstream,
      audience: ['a'],
      ...asked(narrow),
    });
    if ('code' in token) return undefined;
    const now = random.chance(0.5) ? this.standing(random) : before;
    const application: ApplicationName = kind === 'narrowed' ? 'a' : random.pick(APPLICATIONS);
    const hops = random.chance(0.8) ? [{ from: 'a', ceiling: patterns(random, application) }] : [];
    const target = { ...targetOf(random, application), ...(kind === 'hop' ? { hops } : {}) };
    const scope = scopeOf(random, application, target.scopes);
    const client = clientWith(kind === 'hop' ? 'svc-a' : 'web', [target]);
    const outcome = await this.world.exchange(client, { subjectToken: token.token, audience: [application], ...asked(scope) });
    const ceilings = hops.length === 0 ? [[]] : [target.delegationCeiling, ...hops.map(({ ceiling }) => ceiling)];
    const said = application === 'a' ? [permissionsIn(token)] : [];
    const limits = [target.scopes, scope, ...said, ...(kind === 'hop' ? ceilings : [])];
    return {
      kind,
      outcome,
      upper: most(heldBy(now, PERMISSIONS[application]), limits),
      told: tell({ now, target, scope, said }),
    };
  }

  private standing(random: Prng): ModelSubject {
    const roles: ModelRole[] = Array.from({ length: 1 + random.below(4) }, (_, at) => ({
      key: `r${String(at)}`,
      grants: [...patterns(random, 'a'), ...patterns(random, 'b')],
    }));
    const assigned = roles.map(({ key }) => key).filter(() => random.chance(0.7));
    const denied = random.chance(0.3) ? patterns(random, random.pick(APPLICATIONS)) : [];
    const boundary = random.chance(0.2) ? [...patterns(random, 'a'), ...patterns(random, 'b')] : null;
    this.world.policy = policyWith(roles, {
      denies:
        denied.length === 0
          ? []
          : [{ id: 'd', principals: ['all'], permissions: denied, except: [], condition: null, valid: ALWAYS }],
    });
    this.world.facts = factsWith(assigned, { tenantBoundary: boundary });
    return { roles, assigned, denied, boundary };
  }
}

/** Why the outcome is too much, or too little; `undefined`: it is right. */
export function faultOf({ outcome, upper }: SubsetCase): string | undefined {
  if ('code' in outcome) {
    return NOTHING_CAME.has(outcome.code) && upper.length > 0 ? `${outcome.code}, but ${upper.join(' ')} is due` : undefined;
  }
  const came = permissionsIn(outcome);
  const extra = came.filter((name) => !upper.includes(name));
  if (extra.length > 0) return `too much: ${extra.join(' ')}`;
  const { scope: said = '' } = outcome.claims as { readonly scope?: string };
  const scope = said.split(' ');
  const all = Object.values(PERMISSIONS).flat();
  const meant = all.filter((name) => within(scope, name) && name.startsWith(`${String(outcome.claims['aud'])}:`));
  const beyond = meant.filter((name) => !came.includes(name));
  if (beyond.length > 0) return `the scope says more than the permissions: ${beyond.join(' ')}`;
  return came.length === upper.length ? undefined : `too little: ${upper.filter((name) => !came.includes(name)).join(' ')}`;
}

const NOTHING_CAME: ReadonlySet<string> = new Set(['PERMISSION_NONE', 'SCOPE_NOT_HELD']);

function permissionsIn({ claims }: Extract<Outcome, { claims: unknown }>): readonly string[] {
  return (claims['permissions'] ?? []) as readonly string[];
}

const asked = (scope: readonly string[] | null): { readonly scope?: string } =>
  scope === null ? {} : { scope: scope.join(' ') };
const tell = (said: object): string => JSON.stringify(said);

/** Mostly wide enough to leave something, now and then nothing at all. */
function patterns(random: Prng, application: ApplicationName): readonly string[] {
  return Array.from({ length: random.below(4) }, () => patternOf(random, application));
}

function patternOf(random: Prng, application: ApplicationName): string {
  const resource = random.pick([...RESOURCES, '*']);
  const verb = random.pick([...VERBS, '*']);
  const narrow = `${application}:${resource}:${verb}`;
  return random.pick([narrow, narrow, narrow, `${application}:${random.pick(RESOURCES)}:**`, `${application}:**`, '**']);
}

function targetOf(random: Prng, application: ApplicationName): ClientTarget {
  return {
    audience: application,
    scopes: [...patterns(random, application), ...(random.chance(0.5) ? [`${application}:**`] : [])],
    delegationCeiling: patterns(random, application),
    impersonation: patterns(random, application),
  };
}

/** Within what the client may ask for, mostly: a request beyond it is refused whole. */
function scopeOf(random: Prng, application: ApplicationName, scopes: readonly string[]): readonly string[] | null {
  if (random.chance(0.4)) return null;
  const values = Array.from({ length: 1 + random.below(3) }, () => patternOf(random, application)).filter(
    (value) => value !== '**',
  );
  const allowed = values.filter((value) =>
    PERMISSIONS[application].every((name) => !within([value], name) || within(scopes, name)),
  );
  if (allowed.length > 0 && random.chance(0.9)) return allowed;
  return values.length === 0 ? null : values;
}

function clientWith(name: string, targets: readonly ClientTarget[]): RegisteredClient {
  const isService = name === 'svc-a';
  return {
    clientId: name,
    ownPresenters: isService ? [] : [{ issuer: 'keycloak', id: 'web-at-idp' }],
    listedPresenters: [],
    apiAudiences: isService ? [{ issuer: 'keycloak', id: 'api-a' }] : [],
    serves: isService ? ['a'] : [],
    targets,
  };
}

const WORLD = {
  clients: [clientWith('web', []), clientWith('svc-a', [])],
  applications: APPLICATIONS.map((name) => ({
    id: name,
    audience: name,
    prefix: name,
    permissions: PERMISSIONS[name].map((permission, bit) => ({ name: permission, bit })),
    allowsEmptyPermissions: false,
    tokenLifetimeSeconds: null,
  })),
  audiences: ['api-a'],
};
