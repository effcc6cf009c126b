/** Medians over the rounds, and the ratios: floor CPU ÷ our CPU. */
import type { LoadResult, Protocol } from '../load/load.contract.js';

export interface Measurement {
  readonly round: number;
  readonly target: { readonly name: 'service' | 'floor'; readonly protocol: Protocol };
  readonly result: LoadResult;
}

export interface Figures {
  readonly cpuUs: number | null;
  readonly postgresCpuUs: number | null;
  readonly loadCpuUs: number | null;
  readonly exchangesPerSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Share of its core that the server used: well below 1, the load did not fill it. */
  readonly busy: number | null;
}

export interface Surroundings {
  readonly rounds: number;
  readonly seconds: number;
  readonly pinned: boolean;
  readonly postgres: string;
}

export function figuresOf(measurements: readonly Measurement[], name: 'service' | 'floor', protocol: Protocol): Figures {
  const results = measurements
    .filter(({ target }) => target.name === name && target.protocol === protocol)
    .map(({ result }) => result);
  const over = (read: (result: LoadResult) => number | null): number | null => median(results.map(read));
  return {
    cpuUs: over((result) => per(result.cpuMicroseconds.server, result.exchanges)),
    postgresCpuUs: over((result) => per(result.cpuMicroseconds.postgres, result.exchanges)),
    loadCpuUs: over((result) => per(result.cpuMicroseconds.load, result.exchanges)),
    exchangesPerSecond: over((result) => per(result.exchanges, result.seconds)),
    p50Ms: over((result) => result.p50Milliseconds),
    p99Ms: over((result) => result.p99Milliseconds),
    busy: over((result) => per(result.cpuMicroseconds.server, result.seconds * 1e6)),
  };
}

/** What the last line of the output says. A ratio is there only if both sides were measured and nothing went wrong. */
export function summarise(measurements: readonly Measurement[], surroundings: Surroundings): Readonly<Record<string, unknown>> {
  const rest = figuresOf(measurements, 'service', 'rest');
  const grpc = figuresOf(measurements, 'service', 'grpc');
  const restFloor = figuresOf(measurements, 'floor', 'rest');
  const grpcFloor = figuresOf(measurements, 'floor', 'grpc');
  const errors = measurements.reduce((sum, { result }) => sum + result.errors, 0);
  return {
    ...(errors === 0 ? { ...ratio('restRatio', restFloor, rest), ...ratio('grpcRatio', grpcFloor, grpc) } : {}),
    restCpuUs: rounded(rest.cpuUs),
    grpcCpuUs: rounded(grpc.cpuUs),
    floorRestCpuUs: rounded(restFloor.cpuUs),
    floorGrpcCpuUs: rounded(grpcFloor.cpuUs),
    postgresCpuUs: { rest: rounded(rest.postgresCpuUs), grpc: rounded(grpc.postgresCpuUs) },
    exchangesPerSecond: {
      rest: whole(rest.exchangesPerSecond),
      grpc: whole(grpc.exchangesPerSecond),
      floorRest: whole(restFloor.exchangesPerSecond),
      floorGrpc: whole(grpcFloor.exchangesPerSecond),
    },
    p50Ms: { rest: rounded(rest.p50Ms), grpc: rounded(grpc.p50Ms) },
    p99Ms: { rest: rounded(rest.p99Ms), grpc: rounded(grpc.p99Ms) },
    verified: measurements.reduce((sum, { result }) => sum + result.verified, 0),
    errors,
    ...surroundings,
    node: process.version,
  };
}

function ratio(name: string, floor: Figures, ours: Figures): Readonly<Record<string, number>> {
  if (floor.cpuUs === null || ours.cpuUs === null) return {};
  return { [name]: Math.round((floor.cpuUs / ours.cpuUs) * 1000) / 1000 };
}

export function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/** Nothing was done: there is no "per". */
function per(amount: number | null, count: number): number | null {
  return amount === null || count === 0 ? null : amount / count;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
