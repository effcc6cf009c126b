import { figuresOf } from './summary.js';
import type { Measurement } from './summary.js';

const columns = ['', 'CPU µs', 'PostgreSQL µs', 'load µs', 'exchanges/s', 'p50 ms', 'p99 ms', 'core used'];
const widths = [14, 10, 15, 10, 13, 9, 9, 11];
const rows = [
  ['rest', 'service'],
  ['rest', 'floor'],
  ['grpc', 'service'],
  ['grpc', 'floor'],
] as const;

/** Medians over the rounds, for people; microseconds are CPU time for each exchange. */
export function table(measurements: readonly Measurement[]): string {
  const lines = rows.map(([protocol, name]) => {
    const figures = figuresOf(measurements, name, protocol);
    const cells = [
      decimal(figures.cpuUs, 1),
      decimal(figures.postgresCpuUs, 1),
      decimal(figures.loadCpuUs, 1),
      decimal(figures.exchangesPerSecond, 0),
      decimal(figures.p50Ms, 2),
      decimal(figures.p99Ms, 2),
      figures.busy === null ? 'n/a' : `${Math.round(figures.busy * 100)} %`,
    ];
    return row([`${protocol} ${name}`, ...cells]);
  });
  return [row(columns), ...lines].join('\n');
}

function row([first = '', ...cells]: readonly string[]): string {
  return first.padEnd(widths[0] ?? 0) + cells.map((cell, index) => cell.padStart(widths[index + 1] ?? 0)).join('');
}

function decimal(value: number | null, digits: number): string {
  return value === null ? 'n/a' : value.toFixed(digits);
}
