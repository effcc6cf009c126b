import type { ExternalFacts, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion, StepUp } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { ConditionalPermission, PermissionDecision, PermissionEngine, TokenClaims } from '#engines/permission/contract.js';
import type { Patterns } from './patterns.js';

/** What somebody may do at one application. */
export interface Standing {
  readonly permissions: readonly string[];
  readonly conditional: readonly ConditionalPermission[];
  /** Unix milliseconds at which a permission that is held now, or held conditionally, next is not what it is; left out: never seen. */
  readonly flips: ReadonlyMap<string, number>;
}

/** Nobody's token: what is stored of somebody, without what a token would add. */
export const NO_TOKEN: TokenClaims = Object.freeze({
  issuer: '',
  roles: [],
  groups: [],
  acr: null,
  amr: [],
  authTime: null,
});
/** Fact sources are not asked for everybody: what they would tell is unknown, so what depends on it is conditional. */
export const NOT_ASKED: ExternalFacts = Object.freeze({ values: new Map(), unavailable: new Set<string>(), validUntil: null });

const EVERYTHING: readonly string[] = ['**'];
const NOTHING: Standing = Object.freeze({ permissions: [], conditional: [], flips: new Map<string, number>() });
const NO_FLIPS: ReadonlyMap<string, number> = new Map();
/** Changes of horizon that are looked for; more flips than this are told by the first ones. */
const MAX_FLIPS = 16;

export interface StandingQuestion {
  readonly facts: SubjectFacts;
  readonly application: Application;
  readonly claims: TokenClaims;
  /** Unix milliseconds. */
  readonly now: number;
  /** Unix milliseconds up to which flips are looked for. */
  readonly until: number;
}

/**
 * One policy as everybody stands under it. Step-ups are taken out of the computation and told beside the permission: how strongly
 * and how recently somebody will have logged in is not stored, and must hide no gain.
 */
export class PolicyStandings {
  private readonly withoutStepUps: PolicyVersion;
  /** Whether all that anybody can have is what a grant on resources names itself, as before the first policy. */
  private readonly grantsNothing: boolean;
  private readonly needs = new Map<string, string>();

  constructor(
    private readonly parts: { readonly engine: PermissionEngine; readonly patterns: Patterns },
    private readonly policy: PolicyVersion,
  ) {
    const { roles, bindings } = policy;
    this.grantsNothing = roles.length === 0 && bindings.length === 0;
    this.withoutStepUps = policy.stepUps.length === 0 ? policy : Object.freeze({ ...policy, stepUps: [] });
  }

  of(question: StandingQuestion): Standing {
    if (this.grantsNothing && question.facts.grants.length === 0) return NOTHING;
    const decision = this.decide(question, question.now);
    if (decision.effect === 'refused') return NOTHING;
    const { permissions, conditional } = decision;
    return { permissions, conditional, flips: this.flips(question, decision) };
  }

  /**
   * As `of`, beside how the same subject stands under the other policy: horizons are compared where something is held under both, so
   * none is looked for beside nothing.
   */
  beside(other: Standing, question: StandingQuestion): Standing {
    return this.of(holdsNothing(other) ? { ...question, until: question.now } : question);
  }

  /** `''`: nothing more; otherwise the authentication that the permission needs, in words. */
  stepUpOf(permission: string): string {
    if (this.policy.stepUps.length === 0) return '';
    const known = this.needs.get(permission);
    if (known !== undefined) return known;
    const needed = this.policy.stepUps.filter(({ permissions }) => this.parts.patterns.anyCovers(permissions, permission));
    const text = [...new Set(needed.map(inWords))].sort().join(' and ');
    this.needs.set(permission, text);
    return text;
  }

  private flips(question: StandingQuestion, first: PermissionDecision): ReadonlyMap<string, number> {
    if (first.effect === 'refused' || first.validUntil === null) return NO_FLIPS;
    const flips = new Map<string, number>();
    let before = textsOf(first);
    let at: number | null = first.validUntil;
    for (let seen = 0; at !== null && seen < MAX_FLIPS; seen += 1) {
      const decision = this.decide(question, at);
      const after = textsOf(decision);
      for (const [permission, text] of before) {
        if (after.get(permission) !== text && !flips.has(permission)) flips.set(permission, at);
      }
      before = after;
      at = decision.effect === 'granted' && decision.validUntil !== at ? decision.validUntil : null;
    }
    return flips;
  }

  private decide({ facts, application, claims, until }: StandingQuestion, now: number): PermissionDecision {
    return this.parts.engine.effectivePermissions({
      policy: this.withoutStepUps,
      application,
      facts,
      external: NOT_ASKED,
      claims,
      context: null,
      boundary: EVERYTHING,
      ceiling: null,
      scope: null,
      unit: null,
      now,
      until,
    });
  }
}

export function holdsNothing({ permissions, conditional }: Standing): boolean {
  return permissions.length === 0 && conditional.length === 0;
}

/** Each permission with how it is held: '' without a condition, otherwise the residual. */
function textsOf(decision: PermissionDecision): ReadonlyMap<string, string> {
  if (decision.effect === 'refused') return new Map();
  return new Map([
    ...decision.conditional.map(({ permission, residual }) => [permission, residual] as const),
    ...decision.permissions.map((permission) => [permission, ''] as const),
  ]);
}

function inWords({ acr, maxAuthAgeSeconds }: StepUp): string {
  const parts = [
    ...(acr.length === 0 ? [] : [`acr ${[...acr].sort().join(' or ')}`]),
    ...(maxAuthAgeSeconds === null ? [] : [`authenticated ${String(maxAuthAgeSeconds)} s ago at most`]),
  ];
  return parts.length === 0 ? 'any authentication' : parts.join(', ');
}
