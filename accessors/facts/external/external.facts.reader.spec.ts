import { beforeEach, describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../../test/support/silent.logger.js';
import { CONTEXT } from '../../../test/support/accessor-parts.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { FactValue } from '../contract.js';
import type { ConfiguredFactSource, FactSource, FactSourceQuestion } from '../fact-source.contract.js';
import { identity } from '../fixtures/facts.fixture.js';
import { type AskedSubject, ExternalFactsReader } from './external.facts.reader.js';

const ANA: AskedSubject = { tenantId: 't1', tenantSlug: 'acme', identity: identity('ana'), subjectKey: 'ana' };
const DEPARTMENT = { source: 'hr', path: 'subject.department' };
const LEVEL = { source: 'hr', path: 'subject.level' };

type Answer = (question: FactSourceQuestion, signal: AbortSignal) => Promise<ReadonlyMap<string, FactValue>>;

/** A source whose answers a test decides. */
class ScriptedSource implements FactSource {
  readonly questions: FactSourceQuestion[] = [];
  closed = false;
  answer: Answer = () => Promise.resolve(new Map([['subject.department', 'fin']]));

  constructor(readonly name = 'hr') {}

  read(_context: unknown, question: FactSourceQuestion, signal: AbortSignal): Promise<ReadonlyMap<string, FactValue>> {
    this.questions.push(question);
    return this.answer(question, signal);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe('Facts from sources', () => {
  let clock: ManualClock;
  let logger: SilentLogger;
  let source: ScriptedSource;
  const configured = (changes: Partial<ConfiguredFactSource> = {}): ConfiguredFactSource => ({
    source,
    timeoutMs: 1_000,
    cacheSeconds: 60,
    validSeconds: 900,
    ...changes,
  });
  const reader = (...sources: ConfiguredFactSource[]) => new ExternalFactsReader({ sources, clock, logger });
  const told = (values: readonly [string, unknown][]) => (source.answer = () => Promise.resolve(new Map(values) as never));

  beforeEach(() => {
    clock = new ManualClock();
    logger = new SilentLogger();
    source = new ScriptedSource();
  });

  it('answers what the source told, and until when it may be relied on', async () => {
    const { values, unavailable, validUntil } = await reader(configured()).read(CONTEXT, ANA, [DEPARTMENT]);
    expect([...values]).toEqual([['subject.department', 'fin']]);
    expect([...unavailable]).toEqual([]);
    expect(validUntil).toBe(clock.now() + 900_000);
    expect(source.questions).toEqual([{ ...ANA, paths: ['subject.department'] }]);
  });

  it('asks once for all who want the same at one moment, and again only when the answer is old', async () => {
    const facts = reader(configured());
    await Promise.all([1, 2, 3].map(() => facts.read(CONTEXT, ANA, [DEPARTMENT, LEVEL])));
    await facts.read(CONTEXT, ANA, [LEVEL, DEPARTMENT]);
    expect(source.questions).toHaveLength(1);
    clock.advance(59_999);
    const kept = await facts.read(CONTEXT, ANA, [DEPARTMENT, LEVEL]);
    expect(source.questions).toHaveLength(1);
    expect(kept.validUntil).toBe(clock.now() - 59_999 + 900_000);
    clock.advance(1);
    await facts.read(CONTEXT, ANA, [DEPARTMENT, LEVEL]);
    expect(source.questions).toHaveLength(2);
  });

  it('never answers one subject, tenant or list of paths with the answer to another', async () => {
    const facts = reader(configured());
    const others: AskedSubject[] = [
      ANA,
      { ...ANA, tenantId: 't2' },
      { ...ANA, identity: identity('bo') },
      { ...ANA, identity: identity('na', 'oidc:https://idp.testa') },
      { ...ANA, subjectKey: null },
      { ...ANA, identity: null },
    ];
    for (const other of others) await facts.read(CONTEXT, other, [DEPARTMENT]);
    await facts.read(CONTEXT, ANA, [LEVEL]);
    expect(source.questions).toHaveLength(7);
  });

  it('keeps nothing of a source that is to be asked each time', async () => {
    const facts = reader(configured({ cacheSeconds: 0 }));
    await facts.read(CONTEXT, ANA, [DEPARTMENT]);
    await facts.read(CONTEXT, ANA, [DEPARTMENT]);
    expect(source.questions).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws at once',
      () => {
        throw new Error('broken');
      },
    ],
    ['answers something else than a Map', () => Promise.resolve({ 'subject.department': 'fin' } as never)],
    ['answers nothing', () => Promise.resolve(undefined as never)],
    ['leaves the path out', () => Promise.resolve(new Map([['subject.other', 'x']]))],
    ['answers undefined', () => Promise.resolve(new Map([['subject.department', undefined as never]]))],
    ['answers a function', () => Promise.resolve(new Map([['subject.department', (() => 1) as never]]))],
    ['answers a date', () => Promise.resolve(new Map([['subject.department', new Date(0) as never]]))],
    ['answers a Map in the Map', () => Promise.resolve(new Map([['subject.department', new Map() as never]]))],
    ['answers no number', () => Promise.resolve(new Map([['subject.department', Number.NaN]]))],
    ['answers a bigint', () => Promise.resolve(new Map([['subject.department', 1n as never]]))],
    ['answers a member that is no JSON', () => Promise.resolve(new Map([['subject.department', { a: [undefined as never] }]]))],
    ['hides a prototype', () => Promise.resolve(new Map([['subject.department', JSON.parse('{"__proto__": {"admin": true}}')]]))],
    [
      'answers something of its own form',
      () => Promise.resolve(new Map([['subject.department', { toJSON: () => 'admin' } as never]])),
    ],
    ['answers too long a text', () => Promise.resolve(new Map([['subject.department', 'x'.repeat(5_000)]]))],
    ['answers too long a list', () => Promise.resolve(new Map([['subject.department', Array<number>(257).fill(1)]]))],
    ['answers too much', () => Promise.resolve(new Map([['subject.department', Array<string>(10).fill('x'.repeat(4_000))]]))],
    ['answers itself', () => Promise.resolve(new Map([['subject.department', circle() as never]]))],
    ['never answers', () => new Promise(() => undefined)],
  ])('takes a path for unavailable whose source %s', async (_what, answer) => {
    source.answer = answer;
    const { values, unavailable } = await reader(configured({ timeoutMs: 1 })).read(CONTEXT, ANA, [DEPARTMENT]);
    expect([...values]).toEqual([]);
    expect([...unavailable]).toEqual(['subject.department']);
  });

  it('tells a source that is too slow to give up, and loses what it says later, also an error', async () => {
    let signal: AbortSignal | undefined;
    let fail: (error: Error) => void = () => undefined;
    source.answer = (_question, given) => {
      signal = given;
      return new Promise((_resolve, reject) => (fail = reject));
    };
    const { unavailable } = await reader(configured({ timeoutMs: 1 })).read(CONTEXT, ANA, [DEPARTMENT]);
    expect([...unavailable]).toEqual(['subject.department']);
    expect(signal?.aborted).toBe(true);
    fail(new Error('later'));
  });

  it('uses what is fit of an answer, null and false too', async () => {
    told([
      ['subject.department', null],
      ['subject.level', new Date(0)],
      ['flag.new_ui', false],
      ['subject.admin', true],
    ]);
    const wanted = [DEPARTMENT, LEVEL, { source: 'hr', path: 'flag.new_ui' }];
    const { values, unavailable } = await reader(configured()).read(CONTEXT, ANA, wanted);
    expect(Object.fromEntries(values)).toEqual({ 'subject.department': null, 'flag.new_ui': false });
    expect([...unavailable]).toEqual(['subject.level']);
  });

  it('keeps a copy that nobody can change', async () => {
    const list = ['fin'];
    told([['subject.department', list]]);
    const facts = reader(configured());
    await facts.read(CONTEXT, ANA, [DEPARTMENT]);
    list.push('admin');
    const value = (await facts.read(CONTEXT, ANA, [DEPARTMENT])).values.get('subject.department') as string[];
    expect(value).toEqual(['fin']);
    expect(() => value.push('admin')).toThrow(TypeError);
  });

  it('takes paths of a source that nobody configured for unavailable, and asks the others all the same', async () => {
    const wanted = [DEPARTMENT, { source: 'nowhere', path: 'subject.other' }];
    const { values, unavailable } = await reader(configured()).read(CONTEXT, ANA, wanted);
    expect([...values.keys()]).toEqual(['subject.department']);
    expect([...unavailable]).toEqual(['subject.other']);
  });

  it('takes a path that two sources are asked for as known only if both tell it', async () => {
    const other = new ScriptedSource('other');
    other.answer = () => Promise.reject(new Error('away'));
    const wanted = [DEPARTMENT, { source: 'other', path: 'subject.department' }];
    const { values, unavailable } = await reader(configured(), configured({ source: other })).read(CONTEXT, ANA, wanted);
    expect([...values]).toEqual([]);
    expect([...unavailable]).toEqual(['subject.department']);
  });

  it('relies on all answers only as long as on the first that ends', async () => {
    const other = new ScriptedSource('other');
    other.answer = () => Promise.resolve(new Map([['subject.other', 1]]));
    const facts = reader(configured(), configured({ source: other, validSeconds: 300 }));
    const { validUntil } = await facts.read(CONTEXT, ANA, [DEPARTMENT, { source: 'other', path: 'subject.other' }]);
    expect(validUntil).toBe(clock.now() + 300_000);
  });

  it('leaves a source alone for a while after repeated failures, and tries again then', async () => {
    source.answer = () => Promise.reject(new Error('away'));
    const facts = reader(configured());
    const ask = (name: string) => facts.read(CONTEXT, { ...ANA, subjectKey: name }, [DEPARTMENT]);
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) await ask(name);
    expect(source.questions).toHaveLength(5);
    expect(logger.lines.some(({ event }) => event === 'fact_source.paused')).toBe(true);
    clock.advance(10_000);
    await ask('8');
    await ask('9');
    expect(source.questions).toHaveLength(6);
    clock.advance(10_000);
    source.answer = () => Promise.resolve(new Map([['subject.department', 'fin']]));
    expect((await ask('10')).values.get('subject.department')).toBe('fin');
    source.answer = () => Promise.reject(new Error('away'));
    for (const name of ['11', '12', '13', '14']) await ask(name);
    expect(source.questions).toHaveLength(11);
  });

  it('goes on with what it kept while the source is left alone, as long as that is fresh', async () => {
    const facts = reader(configured());
    await facts.read(CONTEXT, ANA, [DEPARTMENT]);
    source.answer = () => Promise.reject(new Error('away'));
    for (let other = 0; other < 6; other += 1) await facts.read(CONTEXT, { ...ANA, subjectKey: `${other}` }, [DEPARTMENT]);
    expect((await facts.read(CONTEXT, ANA, [DEPARTMENT])).values.get('subject.department')).toBe('fin');
    clock.advance(60_000);
    expect([...(await facts.read(CONTEXT, ANA, [DEPARTMENT])).unavailable]).toEqual(['subject.department']);
  });

  it('refuses sources that cannot be used as they are configured', () => {
    expect(() => reader(configured(), configured())).toThrow('two fact sources hr');
    for (const name of ['idp', 'sts', 'db', 'pep', '', 'Hr', 'h r', '-hr']) {
      expect(() => reader(configured({ source: new ScriptedSource(name) }))).toThrow('cannot be called');
    }
    for (const timeoutMs of [0, 5_001, Number.NaN]) expect(() => reader(configured({ timeoutMs }))).toThrow('timeoutMs');
    for (const [cacheSeconds, validSeconds] of [
      [60, 60],
      [-1, 60],
      [Number.NaN, 60],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(() => reader(configured({ cacheSeconds, validSeconds }))).toThrow('validSeconds');
    }
  });

  it('closes all sources, also if one cannot be closed', async () => {
    const stuck = new ScriptedSource('stuck');
    stuck.close = () => Promise.reject(new Error('stuck'));
    await reader(configured({ source: stuck }), configured()).close();
    expect(source.closed).toBe(true);
  });
});

function circle(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}
