/** Engines with one thing wrong in each: what the properties are for is to find every one of them. */
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { ConditionEvaluator, ConditionResult } from '#engines/permission/condition-evaluator.contract.js';
import type {
  CheckDecision,
  CheckQuestion,
  PermissionDecision,
  PermissionQuestion,
  PermissionRequest,
} from '#engines/permission/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import { evaluator, freshEngine, type Judge } from './judge.js';

type Change = <Asked extends PermissionQuestion>(asked: Asked) => Asked;

/** The engine is asked another question than the one that was put. */
function asks(change: Change): () => Judge {
  return () => {
    const engine = freshEngine();
    return {
      effectivePermissions: (request) => engine.effectivePermissions(change(request)),
      decide: (question) => engine.decide(change(question)),
    };
  };
}

/** Kept by object, since the engine keeps things by object too. */
function ofPolicy(change: (policy: PolicyVersion) => Partial<PolicyVersion>): () => Judge {
  const changed = new WeakMap<PolicyVersion, PolicyVersion>();
  return asks((asked) => {
    const policy = changed.get(asked.policy) ?? { ...asked.policy, ...change(asked.policy) };
    changed.set(asked.policy, policy);
    return { ...asked, policy };
  });
}

function ofFacts(change: (facts: SubjectFacts) => Partial<SubjectFacts>): () => Judge {
  return asks((asked) => ({ ...asked, facts: { ...asked.facts, ...change(asked.facts) } }));
}

function answers(
  change: (decision: Extract<PermissionDecision, { effect: 'granted' }>, request: PermissionRequest) => PermissionDecision,
): () => Judge {
  return () => {
    const engine = freshEngine();
    return {
      effectivePermissions: (request) => {
        const decision = engine.effectivePermissions(request);
        return decision.effect === 'refused' ? decision : change(decision, request);
      },
      decide: (question) => engine.decide(question),
    };
  };
}

function checks(change: (engine: Judge, question: CheckQuestion) => CheckDecision): () => Judge {
  return () => {
    const engine = freshEngine();
    return {
      effectivePermissions: (request) => engine.effectivePermissions(request),
      decide: (question) => change(engine, question),
    };
  };
}

function conditions(change: (result: ConditionResult) => ConditionResult): () => Judge {
  const faulty: ConditionEvaluator = {
    language: evaluator.language,
    compile: (expression, scope) => {
      const compiled = evaluator.compile(expression, scope);
      if (!compiled.ok) return compiled;
      const { condition } = compiled;
      return {
        ok: true,
        condition: {
          expression: condition.expression,
          reads: condition.reads,
          costLimit: condition.costLimit,
          evaluate: (input, trace) => change(condition.evaluate(input, trace)),
          nextEdge: (input, until) => condition.nextEdge(input, until),
        },
      };
    },
  };
  return () => freshEngine(faulty);
}

const later = ({ from, until }: TimeWindow): TimeWindow => ({ from, until: until === null ? null : until + 1 });
const earlier = ({ from, until }: TimeWindow): TimeWindow => ({ from: from === null ? null : from - 1, until });
const first = <Item>(items: readonly Item[]): readonly Item[] => items.slice(0, -1);

/** Answers again what it has answered about the same objects, whatever else is different. */
function remembers(keyOf: (request: PermissionRequest) => object): () => Judge {
  return () => {
    const engine = freshEngine();
    const known = new WeakMap<object, PermissionDecision>();
    return {
      effectivePermissions: (request) => {
        const key = keyOf(request);
        const decision = known.get(key) ?? engine.effectivePermissions(request);
        known.set(key, decision);
        return decision;
      },
      decide: (question) => engine.decide(question),
    };
  };
}

export const FAULTS: Readonly<Record<string, () => Judge>> = {
  'leaves a deny out': ofPolicy(({ denies }) => ({ denies: first(denies) })),
  'forgets whom a deny excepts': ofPolicy(({ denies }) => ({ denies: denies.map((deny) => ({ ...deny, except: [] })) })),
  'denies an instant longer': ofPolicy(({ denies }) => ({
    denies: denies.map((deny) => ({ ...deny, valid: later(deny.valid) })),
  })),
  'ignores what roles exclude': ofPolicy(({ roles }) => ({ roles: roles.map((role) => ({ ...role, exclude: [] })) })),
  'takes what an heir excludes from its parents too': ofPolicy(({ roles }) => ({
    roles: roles.map((role) => ({
      ...role,
      exclude: [...role.exclude, ...roles.filter((heir) => heir.inherits.includes(role.key)).flatMap(({ exclude }) => exclude)],
    })),
  })),
  'ignores inheritance': ofPolicy(({ roles }) => ({ roles: roles.map((role) => ({ ...role, inherits: [] })) })),
  'skips a gate': ofPolicy(({ gates }) => ({ gates: first(gates) })),
  'looks at the tier of a gate alone': ofPolicy(({ gates }) => ({ gates: gates.map((gate) => ({ ...gate, flags: [] })) })),
  'looks at the flags of a gate alone': ofPolicy(({ gates }) => ({ gates: gates.map((gate) => ({ ...gate, tier: null })) })),
  'takes the highest tier for the lowest': ofPolicy(({ tiers }) => ({ tiers: tiers.toReversed() })),
  'forgets the flags of tiers': ofPolicy(({ tiers }) => ({ tiers: tiers.map((tier) => ({ ...tier, flags: [] })) })),
  'skips a step-up': ofPolicy(({ stepUps }) => ({ stepUps: first(stepUps) })),
  'takes any class of authentication': ofPolicy(({ stepUps }) => ({ stepUps: stepUps.map((each) => ({ ...each, acr: [] })) })),
  'lets an authentication be a second older': ofPolicy(({ stepUps }) => ({
    stepUps: stepUps.map((each) => ({
      ...each,
      maxAuthAgeSeconds: each.maxAuthAgeSeconds === null ? null : each.maxAuthAgeSeconds + 1,
    })),
  })),
  'ignores the unit of bindings': ofPolicy(({ bindings }) => ({ bindings: bindings.map((each) => ({ ...each, unit: null })) })),
  'ignores the resource of bindings': ofPolicy(({ bindings }) => ({
    bindings: bindings.map((each) => ({ ...each, resource: null })),
  })),
  'ignores the condition of bindings': ofPolicy(({ bindings }) => ({
    bindings: bindings.map((each) => ({ ...each, condition: null })),
  })),
  'ignores the condition of mappings': ofPolicy(({ mappings }) => ({
    mappings: mappings.map((each) => ({ ...each, condition: null })),
  })),
  'ignores the unit of mappings': ofPolicy(({ mappings }) => ({ mappings: mappings.map((each) => ({ ...each, unit: null })) })),
  'ends bindings an instant late': ofPolicy(({ bindings }) => ({
    bindings: bindings.map((each) => ({ ...each, valid: later(each.valid) })),
  })),
  'lets whoever asks say everything': ofPolicy(({ attributes }) => ({
    attributes: attributes.map((each) => (each.root === 'subject' ? { ...each, source: 'sts' } : each)),
  })),
  'ends assignments an instant late': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, valid: later(each.valid) })),
  })),
  'begins assignments an instant early': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, valid: earlier(each.valid) })),
  })),
  'ends memberships an instant late': ofFacts(({ groups }) => ({
    groups: groups.map((each) => ({ ...each, valid: later(each.valid) })),
  })),
  'ends grace an instant late': ofFacts(({ subscriptions }) => ({
    subscriptions: subscriptions.map((each) => ({ ...each, graceUntil: each.graceUntil === null ? null : each.graceUntil + 1 })),
  })),
  'knows no grace': ofFacts(({ subscriptions }) => ({
    subscriptions: subscriptions.map((each) => ({ ...each, graceUntil: null })),
  })),
  'ends flags an instant late': ofFacts(({ flags }) => ({ flags: flags.map((each) => ({ ...each, valid: later(each.valid) })) })),
  'takes flags that are off for on': ofFacts(({ flags }) => ({ flags: flags.map((each) => ({ ...each, enabled: true })) })),
  'takes eligible for active': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, state: 'active' as const })),
  })),
  'ignores the unit of assignments': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, unit: null })),
  })),
  'ignores the condition of assignments': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, condition: null })),
  })),
  'gives what groups have to everybody': ofFacts(({ assignments }) => ({
    assignments: assignments.map((each) => ({ ...each, group: null })),
  })),
  'ignores the path of resource grants': ofFacts(({ grants }) => ({
    grants: grants.map((each) => ({ ...each, resource: { ...each.resource, path: null } })),
  })),
  'lets the suspended in': ofFacts(() => ({ tenantStatus: 'active' as const })),
  'lets the disabled in': ofFacts(({ subject }) => ({ subject: subject && { ...subject, status: 'active' as const } })),
  'knows no boundary of the tenant': ofFacts(() => ({ tenantBoundary: null })),
  'knows no boundary of the client': asks((asked) => ({ ...asked, boundary: ['**'] })),
  'knows no ceiling': asks((asked) => ({ ...asked, ceiling: null })),
  'knows one ceiling alone': asks((asked) => ({ ...asked, ceilings: [] })),
  'takes one of several ceilings': asks((asked) => ({ ...asked, ceilings: asked.ceilings?.slice(1) ?? [] })),
  'takes a ceiling of nothing for none': asks((asked) => ({
    ...asked,
    ceiling: asked.ceiling?.length === 0 ? null : asked.ceiling,
  })),
  'takes unknown groups for none': asks((asked) => ({
    ...asked,
    claims: { ...asked.claims, groups: asked.claims.groups ?? [] },
  })),
  'maps claims of any issuer': asks((asked) => ({ ...asked, claims: { ...asked.claims, issuer: 'contoso' } })),
  'settles a context that is not settled': asks((asked) => ({ ...asked, context: asked.context ?? { ip: '10.0.0.1', risk: 0 } })),
  'is a second behind': asks((asked) => ({ ...asked, now: asked.now - 1000 })),
  'is a millisecond ahead': asks((asked) => ({ ...asked, now: asked.now + 1 })),
  'takes what is not known in a condition for false': conditions((result) =>
    result.outcome === 'unknown' ? { outcome: 'false', cost: 1 } : result,
  ),
  'takes what is not known in a condition for true': conditions((result) =>
    result.outcome === 'unknown' ? { outcome: 'true', cost: 1 } : result,
  ),
  'takes what fails in a condition for false': conditions((result) =>
    result.outcome === 'error' ? { outcome: 'false', cost: 1 } : result,
  ),
  'takes what fails in a condition for true': conditions((result) =>
    result.outcome === 'error' ? { outcome: 'true', cost: 1 } : result,
  ),
  'takes what fails in a condition for something about the resource': conditions((result) =>
    result.outcome === 'error'
      ? { outcome: 'unknown', missing: ['resource.id'], residual: 'resource.id == "none"', cost: 1 }
      : result,
  ),
  'denies everywhere what is denied in one place': answers((decision) => ({
    ...decision,
    conditional: decision.conditional.filter(({ residual }) => !residual.includes('!(')),
  })),
  'asks for more than is left to decide': answers((decision) => ({
    ...decision,
    conditional: decision.conditional.map((each) => ({
      ...each,
      missing: [...new Set([...each.missing, 'resource.unit'])].toSorted(),
    })),
  })),
  'takes what is over for nearer than what is elsewhere': checks((engine, question) => {
    const decision = engine.decide(question);
    if (decision.code !== 'no_grant') return decision;
    const anywhere = engine.decide({ ...question, resource: null, unit: null });
    return ['expired', 'not_yet_valid', 'eligible_not_active'].includes(anywhere.code) ? anywhere : decision;
  }),
  'goes no further from a role that would have to be activated': checks((engine, question) => {
    const decision = engine.decide(question);
    if (decision.code !== 'eligible_not_active') return decision;
    const { policy } = question;
    const bindings = policy.bindings.filter(({ principal }) => !principal.startsWith('role:'));
    return engine.decide({ ...question, policy: { ...policy, bindings } });
  }),
  'asks for any step-up': checks((engine, question) => {
    const decision = engine.decide(question);
    return decision.stepUp === null ? decision : { ...decision, stepUp: { ...decision.stepUp, acr: [] } };
  }),
  'asks Check for less than is missing': checks((engine, question) => {
    const decision = engine.decide(question);
    return { ...decision, missing: decision.missing.slice(1) };
  }),
  'leaves a detail out': answers((decision) => ({ ...decision, details: decision.details.slice(1) })),
  'says in a detail what is denied on some of them': answers((decision) => ({
    ...decision,
    details: decision.details.map((each) => ({
      ...each,
      actions: [...new Set([...each.actions, ...decision.conditional.map(({ permission }) => permission)])].toSorted(),
    })),
  })),
  'forgets a path that is missing': conditions((result) =>
    result.outcome === 'unknown' ? { ...result, missing: result.missing.slice(1) } : result,
  ),
  'leaves a residual that always holds': answers((decision) => ({
    ...decision,
    conditional: decision.conditional.map((each) => ({ ...each, residual: 'true' })),
  })),
  'leaves a residual that never holds': answers((decision) => ({
    ...decision,
    conditional: decision.conditional.map((each) => ({ ...each, residual: 'false' })),
  })),
  'grants what is conditional': answers((decision) => ({
    ...decision,
    permissions: [...decision.permissions, ...decision.conditional.map(({ permission }) => permission)].toSorted(),
    conditional: [],
  })),
  'drops what is conditional': answers((decision) => ({ ...decision, conditional: [] })),
  'lets a detail speak of every resource': answers((decision) => ({
    ...decision,
    details: decision.details.map(({ type, actions, datatypes, locations }) => ({ type, actions, datatypes, locations })),
  })),
  'never sees an end coming': answers((decision) => ({ ...decision, validUntil: null })),
  'sees the end a second late': answers((decision) => ({
    ...decision,
    validUntil: decision.validUntil === null ? null : decision.validUntil + 1000,
  })),
  'sees an end where there is none': answers((decision, { now }) => ({
    ...decision,
    validUntil: decision.validUntil ?? now + 60_000,
  })),
  'forgets how long a permission may last': asks((asked) => ({
    ...asked,
    application: {
      ...asked.application,
      permissions: asked.application.permissions.map((each) => ({ ...each, maxLifetimeSeconds: null })),
    },
  })),
  'remembers without the claims': remembers(({ facts }) => facts),
  'remembers without the facts': remembers(({ policy }) => policy),
};
