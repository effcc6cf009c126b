import { LRUCache } from 'lru-cache';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { FactValue } from '../contract.js';
import type { ConfiguredFactSource, FactSourceQuestion } from '../fact-source.contract.js';
import { fitAnswer, type SourceAnswer } from './source-answer.js';

export interface SourceCallerDeps {
  readonly configured: ConfiguredFactSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a source told. */
export interface Told {
  readonly values: ReadonlyMap<string, FactValue>;
  /** Unix milliseconds. */
  readonly validUntil: number;
}

interface Kept extends Told {
  /** Monotonic milliseconds after which it is asked again. */
  readonly freshUntil: number;
}

const MOST_KEPT = { max: 50_000, maxSize: 32 * 1024 * 1024 };
const MOST_UNDER_WAY = 1_000;
const FAILURES_TO_PAUSE = 5;
const PAUSE_MS = 10_000;

/** Asks one source: in time, once for all who ask the same at one moment, and not at all for a while when it keeps failing. */
export class SourceCaller {
  private readonly kept = new LRUCache<string, Kept>(MOST_KEPT);
  private readonly underWay = new Map<string, Promise<Told | null>>();
  private failures = 0;
  private pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: SourceCallerDeps) {}

  /** `null`: it could not tell. Never rejects. */
  read(context: CallContext, question: FactSourceQuestion): Promise<Told | null> {
    const key = keyOf(question);
    const kept = this.kept.get(key);
    if (kept !== undefined && this.deps.clock.monotonic() < kept.freshUntil) return Promise.resolve(kept);
    const shared = this.underWay.get(key);
    if (shared !== undefined) return shared;
    if (this.deps.clock.monotonic() < this.pausedUntil || this.underWay.size >= MOST_UNDER_WAY) return Promise.resolve(null);
    const told = this.ask(context, question, key).finally(() => this.underWay.delete(key));
    this.underWay.set(key, told);
    return told;
  }

  private async ask(context: CallContext, question: FactSourceQuestion, key: string): Promise<Told | null> {
    const { clock, configured } = this.deps;
    const [monotonic, now] = [clock.monotonic(), clock.now()];
    try {
      const answer = await this.inTime(context, question);
      this.failures = 0;
      const { values, size } = answer;
      const kept = {
        values,
        freshUntil: monotonic + configured.cacheSeconds * 1_000,
        validUntil: now + configured.validSeconds * 1_000,
      };
      if (configured.cacheSeconds > 0) this.kept.set(key, kept, { size: size + key.length });
      return kept;
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  /** A source that does not heed the signal is not waited for either; what it says later is lost. */
  private async inTime(context: CallContext, question: FactSourceQuestion): Promise<SourceAnswer> {
    const { source, timeoutMs } = this.deps.configured;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('no answer in time'));
        controller.abort();
      }, timeoutMs);
    });
    try {
      const asked = Promise.resolve().then(() => source.read(context, question, controller.signal));
      return fitAnswer(await Promise.race([asked, late]), question.paths);
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(error: unknown): void {
    this.failures += 1;
    if (this.failures < FAILURES_TO_PAUSE) return;
    // After the pause one more failure is enough for the next one.
    this.failures = FAILURES_TO_PAUSE - 1;
    this.pausedUntil = this.deps.clock.monotonic() + PAUSE_MS;
    this.deps.logger.warn('fact_source.paused', {
      source: this.deps.configured.source.name,
      reason: error instanceof Error ? error.message : 'unknown',
    });
  }
}

/** Unambiguous, whatever characters the parts hold. */
function keyOf({ tenantId, identity, subjectKey, paths }: FactSourceQuestion): string {
  return JSON.stringify([tenantId, identity?.instance, identity?.externalId, subjectKey, paths]);
}
