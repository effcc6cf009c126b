import assert from 'node:assert/strict';
import type { FactValue } from '#accessors/facts/contract.js';
import type { FactSource, FactSourceQuestion } from '#accessors/facts/fact-source.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** Somebody whom the source knows, and what it has to say of them. */
export interface KnownSubject {
  readonly question: FactSourceQuestion;
  /** By each path of the question. */
  readonly values: Readonly<Record<string, FactValue>>;
}

/** What the kit needs to know of the world behind a source. */
export interface FactSourceWorld {
  /** A source that was just started, on the same world each time. */
  readonly start: () => Promise<FactSource>;
  /** Two who differ in at least one value of a path that both have. */
  readonly known: readonly [KnownSubject, KnownSubject];
  /** About nobody whom the source knows; the paths are those of the first who is known. */
  readonly nobody: FactSourceQuestion;
  /** What it must answer about nobody: `undefined` nothing, or values by rule, as flags have them. */
  readonly valuesOfNobody?: Readonly<Record<string, FactValue>>;
  /** Makes what is behind the source fail; answers how to mend it. */
  readonly fail: () => Promise<() => Promise<void>>;
}

/** One rule of the contract. `check` rejects when the source breaks it. Runs under any test runner. */
export interface FactSourceRule {
  readonly name: string;
  readonly check: () => Promise<void>;
}

const CONTEXT: CallContext = { diagnosticId: '00000000-0000-4000-8000-0000000000fa', transport: 'rest' };
const UNTOLD = 'subject.nobody_has_ever_told_this';
const AT_ONCE = 20;
const GIVES_UP_WITHIN_MS = 5_000;
/** What identities and keys may look like, and what a careless source would read in them. */
const HOSTILE = [`' or '1'='1`, '"}', '%', '*', '../..', '$1', '{{', '__proto__', `x'; drop table x; --`, 'İ', '\u202e'];

export function factSourceConformance(world: FactSourceWorld): readonly FactSourceRule[] {
  return Object.entries(CHECKS).map(([name, check]) => ({ name, check: () => withSource(world, check) }));
}

async function withSource(world: FactSourceWorld, check: Check): Promise<void> {
  const source = await world.start();
  try {
    await check(source, world);
  } finally {
    await source.close();
  }
}

type Check = (source: FactSource, world: FactSourceWorld) => Promise<void>;

const ask = (source: FactSource, question: FactSourceQuestion): Promise<ReadonlyMap<string, FactValue>> =>
  source.read(CONTEXT, question, new AbortController().signal);

const CHECKS: Readonly<Record<string, Check>> = {
  'has a name of lower case, digits and hyphens that no built-in source has': async ({ name }) => {
    assert.match(name, /^[a-z][a-z0-9-]{0,63}$/);
    assert.ok(!['idp', 'sts', 'db', 'pep'].includes(name), `${name} is the name of a built-in source`);
  },

  'tells what it knows of each': async (source, { known }) => {
    for (const { question, values } of known) assert.deepEqual(Object.fromEntries(await ask(source, question)), values);
  },

  'tells the paths that are asked for, and no other': async (source, { known: [{ question, values }] }) => {
    const [path = ''] = question.paths;
    assert.deepEqual(Object.fromEntries(await ask(source, { ...question, paths: [path] })), { [path]: values[path] });
    assert.equal((await ask(source, { ...question, paths: [] })).size, 0);
  },

  'leaves out what it cannot tell, and tells the rest': async (source, { known: [{ question, values }] }) => {
    const told = await ask(source, { ...question, paths: [UNTOLD, ...question.paths] });
    assert.deepEqual(Object.fromEntries(told), values);
  },

  'says nothing of nobody, unless a rule of its own says it of everybody': async (source, { nobody, valuesOfNobody = {} }) => {
    assert.deepEqual(Object.fromEntries(await ask(source, nobody)), valuesOfNobody);
  },

  'keeps apart whom it is asked about at the same time': async (source, { known }) => {
    const asked = Array.from({ length: AT_ONCE }, (_none, index) => known[index % 2 === 0 ? 0 : 1]);
    const told = await Promise.all(asked.map(({ question }) => ask(source, question)));
    for (const [index, { values }] of asked.entries()) assert.deepEqual(Object.fromEntries(told[index] ?? []), values);
  },

  'reads nothing into the letters of a name': async (source, { nobody, known: [{ values }] }) => {
    for (const text of HOSTILE) {
      const identity = { instance: nobody.identity?.instance ?? 'oidc:https://idp.test', externalId: text };
      const told = Object.fromEntries(await ask(source, { ...nobody, subjectKey: text, identity }).catch(() => []));
      assert.notDeepEqual(told, values, `${text} was taken for somebody`);
    }
  },

  'rejects when it cannot tell, and tells again when it can': async (source, { fail, known: [{ question, values }] }) => {
    const mend = await fail();
    await assert.rejects(ask(source, question), 'a source that is away must not seem to know nothing');
    await mend();
    assert.deepEqual(Object.fromEntries(await ask(source, question)), values);
  },

  'gives up when it is told to': async (source, { known: [{ question }] }) => {
    const given = new AbortController();
    given.abort();
    const asked = source.read(CONTEXT, question, given.signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new assert.AssertionError({ message: 'it goes on' })), GIVES_UP_WITHIN_MS);
    });
    const outcome = await Promise.race([asked.then(() => 'answered'), late]).catch((error: unknown) => error);
    clearTimeout(timer);
    assert.ok(!(outcome instanceof assert.AssertionError), 'it goes on');
    assert.notEqual(outcome, 'answered', 'nobody waits for the answer any more');
  },
};
