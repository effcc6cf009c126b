/** What a token costs in the engine against the bare primitive, and which primitive of Node is the cheapest, in the same run. */
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { CleanUp } from '../processes/clean-up.js';
import { cpuForEach, type Timed } from './interleaved.js';
import { type Primitive, primitivesOf, sealPrimitive } from './primitives.js';
import { benchMintRequest, openSigningWorld, signingAlgorithms, signingAudience, type SigningWorld } from './signing.world.js';

export interface SigningBenchOptions {
  readonly rounds: number;
  readonly cleanUp: CleanUp;
  readonly say: (line: string) => void;
}

/** More would mean that what surrounds the primitive costs a third of it. */
const mostOverBare = 1.3;
const ours = 'token of the engine';

interface Side {
  readonly oursUs: number;
  readonly bareUs: number;
  readonly ratio: number;
  /** The cheapest way to have Node do it. */
  readonly cheapest: string;
}

interface Result {
  readonly sign: Side;
  readonly verify: Side;
}

/** Answers whether every algorithm keeps the limit, both ways. */
export async function timeSigning({ rounds, cleanUp, say }: SigningBenchOptions): Promise<boolean> {
  const world = await openSigningWorld(cleanUp);
  const results = new Map<SigningAlgorithm, Result>();
  say(`CPU µs for each call, threads of the pool included, median of ${String(rounds)} rounds in turns`);
  for (const algorithm of signingAlgorithms) results.set(algorithm, await timeAlgorithm(world, algorithm, { rounds, say }));
  const within = [...results.values()].every(({ sign, verify }) => sign.ratio <= mostOverBare && verify.ratio <= mostOverBare);
  const figures = Object.fromEntries([...results].map(([algorithm, { sign, verify }]) => [algorithm, { sign, verify }]));
  say(JSON.stringify({ signing: figures, mostOverBare, within, rounds, node: process.version }));
  return within;
}

async function timeAlgorithm(
  world: SigningWorld,
  algorithm: SigningAlgorithm,
  { rounds, say }: Pick<SigningBenchOptions, 'rounds' | 'say'>,
): Promise<Result> {
  const { engine, context } = world;
  const request = benchMintRequest(algorithm);
  const { token } = await engine.mint(context, request);
  const verdict = engine.verifyIssued(context, token, signingAudience);
  if (!verdict.genuine) throw new Error(`a token of ours is refused: ${verdict.fault}`);
  const { sign, verify } = await primitivesOf(algorithm, token.slice(0, token.lastIndexOf('.')));
  const mint = { name: ours, run: () => engine.mint(context, request) };
  const check = { name: ours, run: () => engine.verifyIssued(context, token, signingAudience) };
  const seal = sealPrimitive();
  return {
    sign: sideOf(sign, await told(`${algorithm} sign`, [mint, seal, ...sign], { rounds, say }), seal),
    verify: sideOf(verify, await told(`${algorithm} verify`, [check, ...verify], { rounds, say })),
  };
}

async function told(
  title: string,
  things: readonly Timed[],
  { rounds, say }: Pick<SigningBenchOptions, 'rounds' | 'say'>,
): Promise<ReadonlyMap<string, number>> {
  const costs = await cpuForEach(things, rounds);
  say(`\n${title}`);
  for (const [name, cost] of costs) say(`${cost.toFixed(1).padStart(8)}  ${name}`);
  return costs;
}

/** @param also what every one of ours does beside the primitive, as bare as that */
function sideOf(primitives: readonly Primitive[], costs: ReadonlyMap<string, number>, also?: Primitive): Side {
  const cost = (name: string): number => costs.get(name) ?? Number.NaN;
  const bare = primitives.filter((primitive) => primitive.bare).toSorted((one, other) => cost(one.name) - cost(other.name));
  const [cheapest] = bare;
  if (cheapest === undefined) throw new Error('there is no bare primitive');
  const [oursUs, bareUs] = [cost(ours), cost(cheapest.name) + (also === undefined ? 0 : cost(also.name))];
  return { oursUs: round(oursUs, 1), bareUs: round(bareUs, 1), ratio: round(oursUs / bareUs, 3), cheapest: cheapest.name };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
