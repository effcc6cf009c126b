import { describe, expect, it } from '@jest/globals';
import type { FactValue } from '#accessors/facts/contract.js';
import type { FactSource, FactSourceQuestion } from '#accessors/facts/fact-source.contract.js';
import { factSourceConformance, type FactSourceRule } from './fact-source.conformance.js';

type Facts = ReadonlyMap<string, ReadonlyMap<string, FactValue>>;
type Read = FactSource['read'];

const PEOPLE: Facts = new Map([
  [
    'ana',
    new Map<string, FactValue>([
      ['subject.team', 'red'],
      ['subject.level', 3],
    ]),
  ],
  [
    'bo',
    new Map<string, FactValue>([
      ['subject.team', 'blue'],
      ['subject.level', null],
    ]),
  ],
]);
const about = (subjectKey: string): FactSourceQuestion => ({
  tenantId: 't1',
  tenantSlug: 'acme',
  identity: null,
  subjectKey,
  paths: ['subject.team', 'subject.level'],
});

/** A good source on a world that can be away, and what a faulty one makes of its answers. */
function rulesFor(fault: (good: Read, isAway: () => boolean) => Partial<FactSource>): readonly FactSourceRule[] {
  let away = false;
  const read: Read = async (_context, { subjectKey, paths }, signal) => {
    signal.throwIfAborted();
    if (away) throw new Error('away');
    const known = PEOPLE.get(subjectKey ?? '');
    return new Map([...(known ?? [])].filter(([path]) => paths.includes(path)));
  };
  const good: FactSource = { name: 'people', read, close: async () => undefined };
  return factSourceConformance({
    start: async () => ({ ...good, ...fault(read, () => away) }),
    known: [
      { question: about('ana'), values: { 'subject.team': 'red', 'subject.level': 3 } },
      { question: about('bo'), values: { 'subject.team': 'blue', 'subject.level': null } },
    ],
    nobody: about('nobody'),
    fail: async () => {
      away = true;
      return async () => {
        away = false;
      };
    },
  });
}

const ana = (): ReadonlyMap<string, FactValue> => PEOPLE.get('ana') ?? new Map();
let kept: ReadonlyMap<string, FactValue> | undefined;

/** For each rule one source that breaks it. */
const PLANTED: Readonly<Record<string, (good: Read, isAway: () => boolean) => Partial<FactSource>>> = {
  'has a name of lower case, digits and hyphens that no built-in source has': () => ({ name: 'db' }),
  'tells what it knows of each': (good) => ({
    read: async (...asked) => new Map([...(await good(...asked))].filter(([, value]) => value !== null)),
  }),
  'tells the paths that are asked for, and no other': (good) => ({
    read: async (context, question, signal) => {
      const told = await good(context, { ...question, paths: about('').paths }, signal);
      return question.paths.length === 2 || told.size === 0 ? good(context, question, signal) : told;
    },
  }),
  'leaves out what it cannot tell, and tells the rest': (good) => ({
    read: async (context, question, signal) => {
      const told = new Map(await good(context, question, signal));
      for (const path of question.paths) if (path.includes('nobody') && told.size > 0) told.set(path, null);
      return told;
    },
  }),
  'says nothing of nobody, unless a rule of its own says it of everybody': (good) => ({
    read: async (context, question, signal) =>
      question.subjectKey === 'nobody' ? new Map<string, FactValue>([['subject.level', 0]]) : good(context, question, signal),
  }),
  'keeps apart whom it is asked about at the same time': (good) => ({
    read: async (context, question, signal) => {
      kept = await good(context, question, signal);
      await new Promise((resolve) => setImmediate(resolve));
      return kept;
    },
  }),
  'reads nothing into the letters of a name': (good) => ({
    read: (context, question, signal) =>
      question.subjectKey?.includes("'") === true ? Promise.resolve(ana()) : good(context, question, signal),
  }),
  'rejects when it cannot tell, and tells again when it can': (good, isAway) => ({
    read: (...asked) => (isAway() ? Promise.resolve(new Map()) : good(...asked)),
  }),
  'gives up when it is told to': (good) => ({
    read: (context, question) => good(context, question, new AbortController().signal),
  }),
};

describe('the rules for fact sources', () => {
  it.each(rulesFor(() => ({})))('a good source: $name', ({ check }) => check());

  it('have a faulty source each', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(
      rulesFor(() => ({}))
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each(Object.entries(PLANTED))('find one that breaks: %s', async (name, fault) => {
    const outcomes: (readonly [string, string])[] = [];
    for (const rule of rulesFor(fault)) {
      const outcome = await rule.check().then(
        () => 'kept',
        () => 'broken',
      );
      outcomes.push([rule.name, outcome]);
    }
    expect(outcomes).toContainEqual([name, 'broken']);
  });
});
