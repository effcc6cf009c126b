import { CodedError } from '#utilities/errors/coded-error.js';

const LISTED_FAULTS = 1_000;

/** Faults of one order, each with the number of the record that it is about. */
export class LiveFaults {
  private readonly found: string[] = [];
  private readonly numbers = new Set<number>();

  add(record: number, fault: string): void {
    this.numbers.add(record);
    this.found.push(`records[${record}]: ${fault}`);
  }

  /** Whether this record is worth a closer look. */
  isSound(record: number): boolean {
    return !this.numbers.has(record);
  }

  /** @throws CodedError `LIVE_DATA_INVALID` */
  refuse(): void {
    refuseLiveData(this.found);
  }
}

/** @throws CodedError `LIVE_DATA_INVALID` if there is any fault */
export function refuseLiveData(faults: readonly string[]): void {
  if (faults.length > 0) throw new CodedError('LIVE_DATA_INVALID', { actual: listed(faults) });
}

export function unknownLiveData(names: readonly string[]): CodedError {
  return new CodedError('LIVE_DATA_UNKNOWN', { actual: listed(names) });
}

function listed(lines: readonly string[]): string {
  const more = lines.length > LISTED_FAULTS ? [`and ${lines.length - LISTED_FAULTS} more`] : [];
  return [...lines.slice(0, LISTED_FAULTS), ...more].join('\n');
}
