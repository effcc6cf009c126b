import { describe, expect, it } from '@jest/globals';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { CompiledCondition } from '#engines/permission/condition-evaluator.contract.js';
import { Expressions, Facts, inputOf, SCOPE } from './expressions.js';

const SECOND = 1_000;
const HOURS = 3_600_000;
const SPRING = Date.parse('2026-03-28T12:00:00Z');
const AUTUMN = Date.parse('2026-10-24T12:00:00Z');
const SPAN = 48 * HOURS;
const WALKED_WHOLE = 3;
const evaluator = new CelConditionEvaluator();

type Values = ReturnType<Facts['values']>;

function compiled(text: string): CompiledCondition {
  const compilation = evaluator.compile(text, SCOPE);
  if (!compilation.ok) throw new Error(`${text}: ${JSON.stringify(compilation.faults)}`);
  return compilation.condition;
}

/** Second by second; the first moment at which it changed although no edge was told. */
function surprise(condition: CompiledCondition, values: Values, from: number, until: number): string | null {
  const input = { ...inputOf(values, from), now: from };
  let last = '';
  let edge: number | null = from;
  for (; input.now <= until; input.now += SECOND) {
    input.budget.left = 200_000;
    const isEdge = edge !== null && input.now >= edge;
    const { outcome } = condition.evaluate(input);
    if (!isEdge && outcome !== last)
      return `${condition.expression}: ${last} became ${outcome} at ${new Date(input.now).toISOString()}`;
    last = outcome;
    if (isEdge) edge = condition.nextEdge(input, until);
  }
  return null;
}

/** The edges in a span. */
function edgesOf(text: string, from: number, until: number, values: Values = {}): readonly string[] {
  const condition = compiled(text);
  const edges: string[] = [];
  for (let edge = condition.nextEdge(inputOf(values, from), until); edge !== null;) {
    edges.push(new Date(edge).toISOString());
    edge = condition.nextEdge(inputOf(values, edge), until);
  }
  return edges;
}

const WRITTEN: readonly string[] = [
  'now.getHours("Europe/Zurich") >= 7 && now.getHours("Europe/Zurich") < 18',
  'now.getDayOfWeek("Europe/Zurich") == 0 || now.getDate("America/St_Johns") == 29',
  'now - subject.since < duration("20h")',
  'now.getHours("Australia/Lord_Howe") == 2',
  'now.getHours("+05:30") == 2 || now.getMinutes("Asia/Kathmandu") == 0',
  'now.getDayOfWeek("Europe/Zurich") == 0',
  'now.getDate("America/St_Johns") > 28 && now.getMonth("America/St_Johns") == 2',
  'now.getDayOfYear("Europe/Zurich") % 2 == 0',
  'now.getFullYear() == 2026 && now.getSeconds() < 30',
  '(now - subject.since).getHours() % 2 == 0',
  '(subject.since - now).getMinutes() % 7 == 0',
  'now + subject.grace > timestamp("2026-03-29T01:00:00Z") && now < timestamp("2026-10-25T01:00:00.500Z")',
  '(now - duration("30m")).getHours("Europe/Zurich") in [1, 2, 3]',
  'subject.since + (now - subject.since) == now',
  '[now, subject.since].exists(at, at.getHours("Europe/Zurich") == 2)',
  'now == timestamp("2026-03-29T01:00:00Z") || now != timestamp("2026-10-25T01:00:00Z")',
  '(subject.since - (now - timestamp("2026-03-28T12:00:00Z"))).getHours("Europe/Zurich") == 3',
  'now.getHours(subject.name == "abc" ? "Europe/Zurich" : "UTC") == 2',
];

// The clocks change at 01:00 UTC, 13 hours after these.
describe('the next moment at which a condition may change by time alone', () => {
  it.each([
    ['spring', SPRING],
    ['autumn', AUTUMN],
  ])('is never too late, second by second over a change of the clocks in %s', (_name, from) => {
    const values = {
      ...new Facts(1).values(),
      'subject.since': '2026-03-28T20:17:03Z',
      'subject.grace': '90m',
      'subject.name': 'abc',
    };
    // All 48 hours of those that are most used; of the others the night in which the clocks change.
    const surprises = WRITTEN.map((text, index) => {
      const start = index < WALKED_WHOLE ? from : from + 12 * HOURS;
      const end = index < WALKED_WHOLE ? from + SPAN : from + 16 * HOURS;
      return surprise(compiled(text), values, start, end);
    }).filter((found) => found !== null);
    expect(surprises).toEqual([]);
  });

  it('is never too late for conditions made at random', () => {
    let read = 0;
    for (let seed = 0; seed < 1_000; seed += 1) {
      const text = new Expressions(seed).condition();
      if (!text.includes('now')) continue;
      const compilation = evaluator.compile(text, SCOPE);
      if (!compilation.ok || !compilation.condition.reads.includes('now')) continue;
      read += 1;
      const from = (seed % 2 === 0 ? SPRING : AUTUMN) + 12 * HOURS + 1_800_000;
      expect(surprise(compilation.condition, new Facts(seed).values(), from, from + HOURS)).toBeNull();
    }
    expect(read).toBeGreaterThan(50);
  });

  it('is none where now is not read, and none after the end that was asked about', () => {
    const from = SPRING;
    expect(compiled('subject.level > 3').nextEdge(inputOf({}, from), from + SPAN)).toBeNull();
    const ending = compiled('now < timestamp("2026-03-29T12:00:00Z")');
    expect(ending.nextEdge(inputOf({}, from), from + 24 * HOURS)).toBe(from + 24 * HOURS);
    expect(ending.nextEdge(inputOf({}, from), from + 24 * HOURS - 1)).toBeNull();
    expect(ending.nextEdge(inputOf({}, from + 24 * HOURS + 1), from + 99 * HOURS)).toBeNull();
  });

  it('is the moment itself where it can be found', () => {
    const noon = Date.parse('2026-03-28T12:00:00Z');
    expect(edgesOf('now < timestamp("2026-03-28T12:00:10Z")', noon, noon + HOURS)).toEqual([
      '2026-03-28T12:00:10.000Z',
      '2026-03-28T12:00:10.001Z',
    ]);
    expect(
      edgesOf('now - subject.since < duration("1h")', noon, noon + HOURS, { 'subject.since': '2026-03-28T11:30:00.250Z' }),
    ).toEqual(['2026-03-28T12:30:00.250Z', '2026-03-28T12:30:00.251Z']);
    expect(edgesOf('now.getDate("Europe/Zurich") == 29', noon, noon + 12 * HOURS)).toEqual(['2026-03-28T23:00:00.000Z']);
  });

  it('is the change of the clocks where that is before the full hour', () => {
    const night = Date.parse('2026-03-28T23:30:00Z');
    expect(edgesOf('now.getHours("Europe/Zurich") == 3', night, night + 3 * HOURS)).toEqual([
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
    const lordHowe = Date.parse('2026-04-04T14:20:00Z');
    expect(edgesOf('now.getHours("Australia/Lord_Howe") == 1', lordHowe, lordHowe + HOURS)).toEqual(['2026-04-04T15:00:00.000Z']);
  });

  it('is the midnight of the day on which the clocks change, which is an hour away from that of other days', () => {
    const night = Date.parse('2026-03-28T23:30:00Z');
    expect(edgesOf('now.getDate("Europe/Zurich") == 29', night, night + 23 * HOURS)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
  });

  it('does not come every millisecond, going backwards over a change of the clocks neither', () => {
    const values = { 'subject.since': '2026-03-29T06:00:00Z' };
    const backwards = '(subject.since - (now - timestamp("2026-03-28T20:00:00Z"))).getDate("Europe/Zurich") == 29';
    expect(
      edgesOf(backwards, Date.parse('2026-03-28T20:00:00Z'), Date.parse('2026-03-29T08:00:00Z'), values).length,
    ).toBeLessThan(10);
  });

  it('is soon again where the budget of the request does not last for finding it', () => {
    const condition = compiled('now.getHours("Europe/Zurich") == 3 || now < timestamp("2030-01-01T00:00:00Z")');
    expect(condition.nextEdge(inputOf({}, SPRING, 0), SPRING + SPAN)).toBe(SPRING + SECOND);
  });
});
