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
const oursSealing = 'token of the engine, sealing anew whom it is about';

interface Side {
  readonly oursUs: number;
  readonly bareUs: number;
  readonly ratio: number;
  /** The cheapest way to have Node do it. */
  readonly cheapest: string;
}

interface Result {
  readonly sign: Side;
  /** Something was not as in the token before, of the same subject for the same audience: the reference to it is sealed anew. */
  readonly signSealing: Side;
  readonly verify: Side;
}

/** Answers whether every algorithm keeps the limit, both ways. */
export async function timeSigning({ rounds, cleanUp, say }: SigningBenchOptions): Promise<boolean> {
  const world = await openSigningWorld(cleanUp);
  const results = new Map<SigningAlgorithm, Result>();
  say(`CPU µs for each call, threads of the pool included, median of ${String(rounds)} rounds in turns`);
  for (const algorithm of signingAlgorithms) results.set(algorithm, await timeAlgorithm(world, algorithm, { rounds, say }));
  const within = [...results.values()].every((sides) => Object.values(sides).every(({ ratio }: Side) => ratio <= mostOverBare));
  const figures = Object.fromEntries(results);
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
  const other = { ...request, reference: { ...request.reference, roles: ['Approver'] } };
  let turn = 0;
  const mintSealing = { name: oursSealing, run: () => engine.mint(context, (turn ^= 1) === 0 ? request : other) };
  const check = { name: ours, run: () => engine.verifyIssued(context, token, signingAudience) };
  const seal = sealPrimitive();
  const signing = await told(`${algorithm} sign`, [mint, mintSealing, seal, ...sign], { rounds, say });
  const checking = await told(`${algorithm} verify`, [check, ...verify], { rounds, say });
  return {
    sign: sideOf({ name: ours, primitives: sign }, signing),
    signSealing: sideOf({ name: oursSealing, primitives: sign, also: seal }, signing),
    verify: sideOf({ name: ours, primitives: verify }, checking),
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

interface Compared {
  readonly name: string;
  readonly primitives: readonly Primitive[];
  /** What ours does beside the primitive, as bare as that. */
  readonly also?: Primitive;
}

function sideOf({ name: oursName, primitives, also }: Compared, costs: ReadonlyMap<string, number>): Side {
  const cost = (name: string): number => costs.get(name) ?? Number.NaN;
  const bare = primitives.filter((primitive) => primitive.bare).toSorted((one, other) => cost(one.name) - cost(other.name));
  const [cheapest] = bare;
  if (cheapest === undefined) throw new Error('there is no bare primitive');
  const [oursUs, bareUs] = [cost(oursName), cost(cheapest.name) + (also === undefined ? 0 : cost(also.name))];
  return { oursUs: round(oursUs, 1), bareUs: round(bareUs, 1), ratio: round(oursUs / bareUs, 3), cheapest: cheapest.name };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
