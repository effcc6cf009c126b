import { compare, type Comparison } from './comparison.js';
import { makeFuzzWorld, type FuzzWorld } from './mutator/fuzz-world.js';
import { mutantAt, type Mutant } from './mutator/mutator.js';
import { Oracle } from './oracle/oracle.js';
import { realSubject, type Subject } from './subject/subject.js';
import { droppable, weakenedSubject } from './subject/weakened.subject.js';

export interface FuzzRange {
  readonly seed: number;
  readonly from: number;
  /** Index after the last. */
  readonly to: number;
}

/** A mutant that engine and oracle judge in different ways; its token can be made again from seed and index. */
export interface Difference {
  readonly seed: number;
  readonly index: number;
  readonly difference: NonNullable<Comparison['difference']>;
  readonly description: string;
  readonly engine: string;
  readonly oracle: string;
}

export interface FuzzCounts {
  mutants: number;
  valid: number;
  oneClaimRule: number;
  wrongAccepts: number;
  disagreements: number;
  /** Mutants and valid ones of each class, and how often the engine answered what. */
  readonly classes: Record<string, { mutants: number; valid: number }>;
  readonly answers: Record<string, number>;
  /** The first few. */
  readonly differences: Difference[];
}

export interface FuzzOptions {
  /** Called after every so many mutants with what is known by then; `false` stops the run. */
  readonly progress?: (counts: FuzzCounts) => boolean;
  readonly stopAtFirst?: boolean;
}

const KEPT_DIFFERENCES = 20;
const PROGRESS_EVERY = 2_000;
/** Judged together, so that their steps interleave as those of a busy service do: what one leaves behind must not reach another. */
const AT_ONCE = 8;

interface Judged {
  readonly seed: number;
  readonly index: number;
  readonly mutant: Mutant;
  readonly comparison: Comparison;
}

function emptyCounts(): FuzzCounts {
  return { mutants: 0, valid: 0, oneClaimRule: 0, wrongAccepts: 0, disagreements: 0, classes: {}, answers: {}, differences: [] };
}

/** Engine and oracle over one world. Making it costs a few RSA keys. */
export class Fuzz {
  private readonly fuzz: FuzzWorld = makeFuzzWorld();
  private readonly oracle = new Oracle(this.fuzz.world);
  private readonly real = realSubject(this.fuzz.world);

  droppable(): readonly string[] {
    return droppable(this.fuzz.world);
  }

  run(range: FuzzRange, options: FuzzOptions = {}): Promise<FuzzCounts> {
    return this.judge(this.real, range, options);
  }

  /** As `run`, by an engine that lacks one check. */
  runWithout(dropped: string, range: FuzzRange, options: FuzzOptions = {}): Promise<FuzzCounts> {
    if (!this.droppable().includes(dropped)) throw new Error(`No check is named ${dropped}: ${this.droppable().join(', ')}`);
    return this.judge(weakenedSubject(this.fuzz.world, dropped), range, options);
  }

  private async judge(subject: Subject, { seed, from, to }: FuzzRange, options: FuzzOptions): Promise<FuzzCounts> {
    const counts = emptyCounts();
    for (let next = from; next < to; next += AT_ONCE) {
      const indexes = Array.from({ length: Math.min(AT_ONCE, to - next) }, (_, offset) => next + offset);
      const judged = await Promise.all(indexes.map((index) => this.one(subject, seed, index)));
      for (const each of judged) tally(counts, each);
      if (options.stopAtFirst === true && counts.differences.length > 0) break;
      if (counts.mutants % PROGRESS_EVERY < AT_ONCE && options.progress?.(counts) === false) break;
    }
    return counts;
  }

  private async one(subject: Subject, seed: number, index: number): Promise<Judged> {
    const mutant = mutantAt(this.fuzz, seed, index);
    return { seed, index, mutant, comparison: await this.compared(mutant, subject) };
  }

  /** What the whole engine differs in too is no merit of the mutants: it does not count for an engine that lacks a check. */
  private async compared(mutant: Mutant, subject: Subject): Promise<Comparison> {
    const comparison = await compare(mutant, subject, this.oracle);
    if (comparison.difference === undefined || subject === this.real) return comparison;
    const whole = await compare(mutant, this.real, this.oracle);
    return whole.difference === undefined ? comparison : { ...whole, engine: whole.oracle, difference: undefined };
  }
}

function tally(counts: FuzzCounts, { seed, index, mutant, comparison }: Judged): void {
  count(counts, mutant.class, comparison);
  const { difference, engine, oracle } = comparison;
  if (difference === undefined) return;
  note(counts, { seed, index, difference, description: `${mutant.class}: ${mutant.description}`, engine, oracle });
}

function count(counts: FuzzCounts, name: string, { kind, engine }: Comparison): void {
  counts.mutants += 1;
  const ofClass = (counts.classes[name] ??= { mutants: 0, valid: 0 });
  ofClass.mutants += 1;
  counts.answers[engine] = (counts.answers[engine] ?? 0) + 1;
  if (kind === 'one claim rule') counts.oneClaimRule += 1;
  if (kind !== 'valid') return;
  counts.valid += 1;
  ofClass.valid += 1;
}

function note(counts: FuzzCounts, difference: Difference): void {
  if (difference.difference === 'wrong accept') counts.wrongAccepts += 1;
  else counts.disagreements += 1;
  if (counts.differences.length < KEPT_DIFFERENCES) counts.differences.push(difference);
}
