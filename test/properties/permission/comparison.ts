/** The engine's answers beside those of the second reading. */
import type { AttributeValue } from '#accessors/policy/contract.js';
import type {
  AuthorizationDetail,
  CheckedResource,
  CheckQuestion,
  PermissionDecision,
  PermissionRequest,
} from '#engines/permission/contract.js';
import { effective, Interpreter, type EffectiveAnswer, type EffectiveQuestion } from '../../oracle/permission/interpreter.js';
import { cappedBy, firstChange, momentsOf } from '../../oracle/permission/horizon.js';
import { DECLARATIONS, MEANINGS } from './condition.arbitrary.js';
import { evaluator, type Judge } from './judge.js';

export type Granted = Extract<PermissionDecision, { effect: 'granted' }>;

/** What is different, in a line; `undefined`: nothing. */
export type Difference = string | undefined;

export interface Circumstance {
  readonly resource: CheckedResource;
  readonly context: Readonly<Record<string, AttributeValue>>;
}

type GrantedAnswer = Extract<EffectiveAnswer, { effect: 'granted' }>;

function askedOfOracle(request: PermissionRequest): EffectiveQuestion {
  return { ...request, meanings: MEANINGS };
}

export function checkOf(request: PermissionRequest, permission: string, resource: CheckedResource | null): CheckQuestion {
  const { policy, application, facts, external, claims, context, boundary, ceiling, ceilings = [], now, unit } = request;
  return { policy, application, facts, external, claims, context, boundary, ceiling, ceilings, now, unit, permission, resource };
}

/** The whole answer to one question. */
export function differenceOfAnswers(decision: PermissionDecision, request: PermissionRequest): Difference {
  const answer = effective(askedOfOracle(request));
  if (decision.effect === 'refused' || answer.effect === 'refused') return differenceOfRefusals(decision, answer);
  return (
    differs('permissions', decision.permissions, answer.granted) ??
    differs('scope', decision.scope, answer.scope) ??
    differenceOfConditional(decision, answer) ??
    differs('details', inAnyOrder(decision.details), inAnyOrder(answer.details))
  );
}

function differenceOfConditional({ conditional }: Granted, answer: GrantedAnswer): Difference {
  const said = conditional.map(({ permission, missing }) => [permission, missing]);
  const wanted = [...answer.conditional].map(([permission, { missing }]) => [permission, [...missing].toSorted()]);
  return differs('conditional', said, wanted);
}

function inAnyOrder(details: readonly AuthorizationDetail[]): readonly string[] {
  return details
    .map(({ type, actions, datatypes, locations, identifier, path, unit }) =>
      JSON.stringify([type, actions, datatypes, locations, identifier ?? null, path ?? null, unit ?? null]),
    )
    .toSorted();
}

function differenceOfRefusals(decision: PermissionDecision, answer: EffectiveAnswer): Difference {
  const said = decision.effect === 'refused' ? [decision.code, decision.actual ?? null] : ['granted', null];
  const wanted = answer.effect === 'refused' ? [answer.code, answer.actual] : ['granted', null];
  return differs('outcome', said, wanted);
}

/** It is the first moment at which the engine itself answers otherwise, and not later than one at which the second reading does. */
export function differenceOfHorizons(judge: Judge, decision: PermissionDecision, request: PermissionRequest): Difference {
  if (decision.effect === 'refused') return undefined;
  const question = askedOfOracle(request);
  const before = withoutTime(decision);
  const changed = momentsOf(question).find(
    (moment) => withoutTime(judge.effectivePermissions({ ...request, now: moment })) !== before,
  );
  const all = [...cappedBy(question), ...(changed === undefined ? [] : [changed])].filter((moment) => moment <= request.until);
  const wanted = all.length === 0 ? null : Math.min(...all);
  const latest = firstChange(question);
  if (latest !== null && (decision.validUntil ?? Infinity) > latest) return differs('not later', decision.validUntil, latest);
  return differs('validUntil', decision.validUntil, wanted);
}

function withoutTime(decision: PermissionDecision): string {
  if (decision.effect === 'refused') return decision.code;
  const { permissions, scope, conditional, details } = decision;
  return JSON.stringify([permissions, scope, conditional, details]);
}

/** Every permission, on no resource and on this one. */
export function differenceOfChecks(judge: Judge, request: PermissionRequest, resource: CheckedResource): Difference {
  const interpreter = new Interpreter(askedOfOracle(request));
  for (const permission of [...request.application.permissions.slice(0, 12).map(({ name }) => name), 'billing:no:such']) {
    for (const about of [null, resource]) {
      const said = judge.decide(checkOf(request, permission, about));
      const wanted = interpreter.judge(permission, about);
      const difference = differs(
        `${permission} on ${JSON.stringify(about)}`,
        [said.allowed, said.code, said.missing, said.stepUp],
        [wanted.state === 'granted', wanted.code, [...wanted.missing].toSorted(), wanted.stepUp],
      );
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

/** Each residual, with these put in, says what the second reading says when it is asked about them. */
export function differenceOfResiduals(
  decision: Granted,
  request: PermissionRequest,
  samples: readonly Circumstance[],
): Difference {
  for (const { permission, residual } of decision.conditional) {
    for (const sample of samples) {
      const context = request.context ?? sample.context;
      const wanted = new Interpreter({ ...askedOfOracle(request), context }).judge(permission, sample.resource);
      if (wanted.state === 'conditional') continue;
      const said = evaluate(residual, request, { ...sample, context });
      const difference = differs(`${permission}: ${residual} of ${JSON.stringify(sample)}`, said, wanted.state === 'granted');
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

/** A residual may be about resources of several types. */
const OF_ONE_TYPE = DECLARATIONS.map((each) => ({ ...each, resourceType: each.root === 'resource' ? 'invoice' : null }));

function evaluate(residual: string, request: PermissionRequest, { resource, context }: Circumstance): boolean | string {
  const compiled = evaluator.compile(residual, { declarations: OF_ONE_TYPE, resourceType: 'invoice', params: {} });
  if (!compiled.ok) return `does not compile: ${compiled.faults.map(({ message }) => message).join('; ')}`;
  const own = { id: resource.id, type: resource.type, unit: resource.unit ?? request.unit, path: resource.path };
  const lookup = (root: string, name: string): AttributeValue | undefined => {
    const from: Readonly<Record<string, AttributeValue>> =
      root === 'context' ? context : root === 'resource' ? { ...resource.attributes, ...own } : {};
    return Object.hasOwn(from, name) ? (from[name] ?? undefined) : undefined;
  };
  const result = compiled.condition.evaluate({ lookup, params: {}, now: request.now, budget: { left: 200_000 } });
  return result.outcome === 'true';
}

function differs(what: string, said: unknown, wanted: unknown): Difference {
  const [one, other] = [JSON.stringify(said), JSON.stringify(wanted)];
  return one === other ? undefined : `${what}: engine ${one}, second reading ${other}`;
}

/** What a detail names is allowed without anything else being known. */
export function differenceOfDetails(decision: Granted, request: PermissionRequest): Difference {
  const interpreter = new Interpreter(askedOfOracle(request));
  for (const detail of decision.details) {
    const { actions, datatypes, identifier, path, unit } = detail;
    const about: CheckedResource = {
      type: datatypes[0] ?? 'anything',
      id: identifier ?? 'another',
      unit: unit ?? null,
      path: path?.replace('**', 'below') ?? null,
      attributes: {},
    };
    const refused = actions.filter((permission) => interpreter.judge(permission, about).state !== 'granted');
    if (refused.length > 0) return differs(`of ${JSON.stringify(detail)} not allowed`, refused, []);
  }
  return undefined;
}
