import { describe, expect, it } from '@jest/globals';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { PermissionDecision } from '#engines/permission/contract.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';
import { notAfterOf } from '#managers/authorization/token-horizon.js';
import { meaningsOf, momentsOf } from '../oracle/permission/horizon.js';
import { effective } from '../oracle/permission/interpreter.js';
import { sceneFrom, type Question } from './scene.js';

const HOURS = 48;
const SECONDS = HOURS * 3600;
const LIFETIME = 600_000;
/** Tokens are issued this often, in seconds, and around every change; `TOKEN_LIFE_EVERY=97` for a long run. */
const EVERY = Number(process.env['TOKEN_LIFE_EVERY'] ?? 479);
const ON_A_BUSY_MACHINE = 600_000;

const engine = new DefaultPermissionEngine({ conditionEvaluator: new CelConditionEvaluator() });

const changesOfTheClock = [
  ['when clocks go forward', Date.UTC(2026, 2, 28, 12)],
  ['when clocks go back', Date.UTC(2026, 9, 24, 12)],
] as const;

/** What a token would say, and what only Check can decide. */
function told(decision: PermissionDecision): string {
  if (decision.effect === 'refused') return decision.code;
  return `${decision.permissions.join(' ')}|${decision.conditional.map(({ permission }) => permission).join(' ')}`;
}

const ask = (question: Question, now: number): PermissionDecision =>
  engine.effectivePermissions({ ...question, now, until: now + LIFETIME });

/** The live answer at every second, and one lifetime longer, so that the last token has an end too. */
function liveAnswers(question: Question, start: number): readonly string[] {
  const known = new Map<string, string>();
  return Array.from({ length: SECONDS + LIFETIME / 1000 }, (_, second) => {
    const text = told(ask(question, start + second * 1000));
    const same = known.get(text) ?? text;
    known.set(same, same);
    return same;
  });
}

/** The second reading, asked at every moment that could matter; between two of them nothing changes. */
function secondReading(
  question: Question,
  start: number,
  expressions: Parameters<typeof meaningsOf>[0],
): (second: number) => string {
  const whole = { ...question, meanings: meaningsOf(expressions), now: start - 1, until: start + SECONDS * 1000 + LIFETIME };
  const moments = momentsOf(whole);
  const answers = moments.map((now) => {
    const answer = effective({ ...whole, now });
    return answer.effect === 'refused' ? answer.code : `${answer.granted.join(' ')}|${[...answer.conditional.keys()].join(' ')}`;
  });
  let next = 0;
  return (second) => {
    while (next + 1 < moments.length && (moments[next + 1] ?? Infinity) <= start + second * 1000) next += 1;
    return answers[next] ?? '';
  };
}

/** For each second the first one after it at which the live answer is another one. */
function nextChanges(live: readonly string[]): readonly number[] {
  const changes = new Array<number>(live.length).fill(live.length);
  for (let second = live.length - 2; second >= 0; second -= 1) {
    changes[second] = live[second] === live[second + 1] ? (changes[second + 1] ?? live.length) : second + 1;
  }
  return changes;
}

interface Issued {
  /** Seconds from the start. */
  readonly from: number;
  readonly until: number;
  readonly says: string;
}

function issue(question: Question, start: number, moment: number): Issued | undefined {
  const decision = ask(question, moment);
  if (decision.effect === 'refused') return undefined;
  const last = Math.floor((decision.validUntil ?? Infinity) / 1000);
  if (last <= Math.floor(moment / 1000)) return undefined;
  const identity = { instance: 'oidc:https://idp.example', externalId: `u${String(moment % 101)}` };
  const notAfter = notAfterOf({ now: moment, until: moment + LIFETIME, validUntil: decision.validUntil, identity });
  return { from: Math.ceil((moment - start) / 1000), until: notAfter - start / 1000, says: told(decision) };
}

describe.each(changesOfTheClock)('48 hours %s', (_title, start) => {
  const { personas, expressions } = sceneFrom(start);

  it.each(Object.entries(personas))(
    'a token of somebody %s says at each second of its life what is decided live',
    (_who, question) => {
      const live = liveAnswers(question, start);
      const read = secondReading(question, start, expressions);
      const differing = live.findIndex((said, second) => said !== read(second));
      expect([differing, live[differing]]).toEqual([-1, undefined]);
      const changes = nextChanges(live);
      const around = changes.flatMap((change, second) =>
        change === second + 1 ? [-2, -1, 0, 1].map((by) => second + 1 + by) : [],
      );
      const regular = Array.from({ length: Math.floor(SECONDS / EVERY) }, (_, index) => index * EVERY);
      const moments = [
        ...regular.map((second) => second * 1000 + (second % 1000)),
        ...around.flatMap((second) => [0, 1, 999].map((by) => second * 1000 + by)),
      ];
      const issued = moments
        .filter((moment) => moment >= 0 && moment < SECONDS * 1000)
        .flatMap((moment) => issue(question, start, start + moment) ?? []);
      const wrong = issued.filter(
        ({ from, until, says }) => from < until && (live[from] !== says || (changes[from] ?? 0) < until),
      );
      expect(wrong).toEqual([]);
      expect(issued.length).toBeGreaterThan(regular.length / 2);
      expect(new Set(live).size).toBeGreaterThan(1);
    },
    ON_A_BUSY_MACHINE,
  );
});

describe('Expiries', () => {
  const start = Date.UTC(2026, 2, 28, 12);
  const question = sceneFrom(start).personas['in office hours'];
  const closing = Date.UTC(2026, 2, 28, 17);

  it('of many subjects do not come together when the office closes', () => {
    if (question === undefined) throw new Error('nobody works in office hours');
    const ends = Array.from({ length: 2000 }, (_, index) => {
      const now = closing - 480_000;
      const { validUntil } = ask(question, now) as Extract<PermissionDecision, { effect: 'granted' }>;
      const identity = { instance: 'oidc:https://idp.example', externalId: `subject-${String(index)}` };
      return notAfterOf({ now, until: now + LIFETIME, validUntil, identity });
    });
    expect(Math.max(...ends)).toBeLessThanOrEqual(closing / 1000);
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(closing / 1000 - 60);
    const bySecond = new Map<number, number>();
    for (const end of ends) bySecond.set(end, (bySecond.get(end) ?? 0) + 1);
    expect(bySecond.size).toBeGreaterThan(50);
    expect(Math.max(...bySecond.values())).toBeLessThan(2000 / 20);
  });
});
