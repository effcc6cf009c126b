import { setTimeout as delay } from 'node:timers/promises';

export interface LoadTarget {
  /** Asks once; answers `200` or the error code. */
  readonly ask: () => Promise<string>;
  /** One in so many ticks. */
  readonly every: number;
}

export interface Window {
  readonly requests: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Sample {
  readonly name: string;
  readonly outcome: string;
  readonly milliseconds: number;
}

const TICK_MS = Number(process.env['COUNTERSIGN_FAULT_TICK_MS'] ?? 20);
/** On a machine that is busy with something else, ticks come late. */
const LEAST_TICKS = 10;

/** Asks at a steady pace whether answers come or not, and says for each stretch of time how it went. */
export class ExchangeLoad {
  private samples: Sample[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private tick = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly targets: Readonly<Record<string, LoadTarget>>) {}

  start(): void {
    this.timer ??= setInterval(() => {
      this.fire();
    }, TICK_MS);
  }

  /** Stops asking and waits for the answers that are due. */
  async pause(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await Promise.all(this.underWay);
  }

  /** Goes on for so long, at least ten ticks, and answers what happened meanwhile, by target. */
  async during(milliseconds: number): Promise<Readonly<Record<string, Window>>> {
    this.samples = [];
    const lastTick = this.tick + LEAST_TICKS;
    this.start();
    await delay(milliseconds);
    while (this.tick < lastTick) await delay(TICK_MS);
    await this.pause();
    return Object.fromEntries(Object.keys(this.targets).map((name) => [name, this.windowOf(name)]));
  }

  private fire(): void {
    this.tick += 1;
    for (const [name, { ask, every }] of Object.entries(this.targets)) {
      if (this.tick % every !== 0) continue;
      const began = performance.now();
      const asking = ask().then((outcome) => {
        this.samples.push({ name, outcome, milliseconds: performance.now() - began });
        this.underWay.delete(asking);
      });
      this.underWay.add(asking);
    }
  }

  private windowOf(name: string): Window {
    const mine = this.samples.filter((sample) => sample.name === name);
    const errors: Record<string, number> = {};
    for (const { outcome } of mine) if (outcome !== '200') errors[outcome] = (errors[outcome] ?? 0) + 1;
    const sorted = mine.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
    const at = (share: number): number => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10;
    return { requests: mine.length, errors, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
