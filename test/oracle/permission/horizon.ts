/** When an answer changes by the passing of time alone, by asking again at every moment that could matter. */
import { cel, type Expression } from './expression.js';
import { effective, type EffectiveQuestion } from './interpreter.js';

const HOUR = 3_600_000;

/** Unix milliseconds of the first moment in (now, until] at which the answer is another one; `null`: none. */
export function firstChange(question: EffectiveQuestion, moments = momentsOf(question)): number | null {
  const before = answerAt(question, question.now);
  const changed = moments.find((moment) => answerAt(question, moment) !== before) ?? null;
  const lifetimes = cappedBy(question);
  const first = [changed, ...lifetimes].filter((moment) => moment !== null).toSorted((one, other) => one - other)[0];
  return first === undefined || first > question.until ? null : first;
}

export function cappedBy(question: EffectiveQuestion): readonly number[] {
  const answer = effective(question);
  if (answer.effect === 'refused') return [];
  return question.application.permissions
    .filter(({ name }) => answer.granted.includes(name))
    .flatMap(({ maxLifetimeSeconds }) =>
      typeof maxLifetimeSeconds === 'number' ? [question.now + maxLifetimeSeconds * 1000] : [],
    );
}

function answerAt(question: EffectiveQuestion, now: number): string {
  const answer = effective({ ...question, now });
  if (answer.effect === 'refused') return answer.code;
  const conditional = [...answer.conditional].map(([permission, { missing }]) => [permission, [...missing].toSorted()]);
  const details = answer.details.map((detail) => JSON.stringify(detail)).toSorted();
  return JSON.stringify([answer.granted, conditional, details]);
}

/** Every number in the question that could be a time, and the millisecond after it; all full hours and minutes. */
export function momentsOf(question: EffectiveQuestion): readonly number[] {
  const { policy, facts, external, claims, now, until } = question;
  const windows = [
    ...[...policy.bindings, ...policy.denies, ...facts.groups, ...facts.assignments, ...facts.grants].map(({ valid }) => valid),
    ...[...facts.subscriptions, ...facts.flags].map(({ valid }) => valid),
  ];
  const age = (claims.authTime ?? 0) * 1000;
  const named = [
    ...windows.flatMap(({ from, until: end }) => [from, end]),
    ...facts.subscriptions.map(({ graceUntil }) => graceUntil),
    external.validUntil,
    ...policy.stepUps.map(({ maxAuthAgeSeconds }) => age + (maxAuthAgeSeconds ?? 0) * 1000),
    ...[...question.meanings.values()].flatMap((expression) => timesIn(expression, age)),
  ];
  const hours = Array.from(
    { length: Math.ceil((until - now) / HOUR) + 1 },
    (_, index) => (Math.floor(now / HOUR) + index) * HOUR,
  );
  const all = [...named, ...hours].filter((moment) => moment !== null).flatMap((moment) => [moment, moment + 1]);
  return [...new Set(all)].filter((moment) => moment > now && moment <= until).toSorted((one, other) => one - other);
}

function timesIn(expression: Expression, age: number): readonly number[] {
  if (expression.op === 'now') return [expression.at];
  if (expression.op === 'younger') return [age + expression.seconds * 1000];
  if (expression.op === 'and' || expression.op === 'or') return expression.sides.flatMap((side) => timesIn(side, age));
  return expression.op === 'not' ? timesIn(expression.side, age) : [];
}

/** The meanings of these expressions by their CEL, as a question wants them. */
export function meaningsOf(expressions: readonly Expression[]): ReadonlyMap<string, Expression> {
  return new Map(expressions.map((expression) => [cel(expression), expression]));
}
