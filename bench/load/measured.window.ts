/** The time in which exchanges count: opens after the warm-up, closes once, and keeps every latency in between. */
import { treeCpuMicroseconds } from '../processes/cpu-time.js';
import { ownCpuMicroseconds } from '../processes/parent-link.js';
import type { LoadJob, LoadResult } from './load.contract.js';

type CpuReading = LoadResult['cpuMicroseconds'];
export type WindowFigures = Omit<LoadResult, 'kind' | 'verified' | 'errors' | 'errorTexts'>;

export class MeasuredWindow {
  readonly #meters: LoadJob['meters'];
  readonly #edge: (edge: 'open' | 'close') => void;
  readonly #latencies: number[] = [];
  readonly #opensAt: number;
  readonly #lengthMilliseconds: number;
  #openedAt = 0;
  #closedAt = 0;
  #atOpen: CpuReading = { server: null, postgres: null, load: 0 };
  #atClose: CpuReading = { server: null, postgres: null, load: 0 };

  /** @param edge told when the window opens and closes, for whoever reads CPU time where /proc is missing */
  constructor(job: Pick<LoadJob, 'meters' | 'warmUpSeconds' | 'seconds'>, edge: (edge: 'open' | 'close') => void) {
    this.#meters = job.meters;
    this.#edge = edge;
    this.#opensAt = performance.now() + job.warmUpSeconds * 1000;
    this.#lengthMilliseconds = job.seconds * 1000;
  }

  get isClosed(): boolean {
    return this.#closedAt !== 0;
  }

  /** Call on every answer; `startedAt` as of `performance.now()`. */
  completed(startedAt: number): void {
    const now = performance.now();
    if (this.#openedAt === 0) {
      if (now >= this.#opensAt) this.#open();
      return;
    }
    if (this.isClosed) return;
    this.#latencies.push(now - startedAt);
    if (now - this.#openedAt >= this.#lengthMilliseconds) this.#close(now);
  }

  figures(): WindowFigures {
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      exchanges: sorted.length,
      seconds: (this.#closedAt - this.#openedAt) / 1000,
      p50Milliseconds: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
      p99Milliseconds: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      cpuMicroseconds: {
        server: difference(this.#atOpen.server, this.#atClose.server),
        postgres: difference(this.#atOpen.postgres, this.#atClose.postgres),
        load: this.#atClose.load - this.#atOpen.load,
      },
    };
  }

  #open(): void {
    this.#edge('open');
    this.#atOpen = this.#read();
    this.#openedAt = performance.now();
  }

  #close(now: number): void {
    this.#closedAt = now;
    this.#atClose = this.#read();
    this.#edge('close');
  }

  #read(): CpuReading {
    const { server, postgres } = this.#meters;
    return {
      server: server === null ? null : treeCpuMicroseconds(server),
      postgres: postgres === null ? null : treeCpuMicroseconds(postgres),
      load: ownCpuMicroseconds(),
    };
  }
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
