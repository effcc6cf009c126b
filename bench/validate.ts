/** What the validation of a subject token costs: beside the bare verification of its signature, and where it is refused before that. */
import { verify } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ownCpuMicroseconds } from './processes/parent-link.js';
import { median } from './report/summary.js';
import { makeValidateWorld, type RefusedTokens, type ValidateWorld } from './validate.world.js';

interface Part {
  readonly name: string;
  readonly turns: number;
  run(turn: number): unknown;
}

const rounds = 9;
const context: CallContext = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' };
/** Most CPU µs for a refusal by size, and most of the cost of a validation in bare verifications. */
const limits = { refuse2KiB: 50, refuse16KiB: 150, ratio: 1.8 };

/** Answers whether every limit was kept. */
export async function timeValidation(say: (line: string) => void): Promise<boolean> {
  const world = makeValidateWorld();
  const bare = bareVerification(world);
  const accepted = await validation(world);
  const small = await refusals(world, 2048);
  const large = await refusals(world, 16_384);
  say(`CPU µs for each call, median of ${rounds.toString()} rounds`);
  const costs = await costsOf([bare, accepted, ...small, ...large], say);
  const of = ({ name }: Part): readonly number[] => costs.get(name) ?? [];
  const cost = (part: Part): number => median(of(part)) ?? Number.NaN;
  // Of the same round: what a neighbour on the machine does to one it does to the other.
  const ratios = of(accepted).map((value, round) => value / (of(bare)[round] ?? Number.NaN));
  const worst = (parts: readonly Part[]): number => Math.max(...parts.map(cost));
  const figures = {
    bareVerifyUs: rounded(cost(bare)),
    validateUs: rounded(cost(accepted)),
    ratio: rounded(median(ratios) ?? Number.NaN),
    refuse2KiBUs: rounded(worst(small)),
    refuse16KiBUs: rounded(worst(large)),
  };
  const kept =
    figures.ratio <= limits.ratio && figures.refuse2KiBUs <= limits.refuse2KiB && figures.refuse16KiBUs <= limits.refuse16KiB;
  say(JSON.stringify({ ...figures, limits, kept, node: process.version }));
  return kept;
}

/** All parts take turns in each round, so that a busy machine is busy for all of them. The first round warms up. */
async function costsOf(parts: readonly Part[], say: (line: string) => void): Promise<ReadonlyMap<string, readonly number[]>> {
  const costs = new Map(parts.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const part of parts) {
      const cost = await costOf(part);
      if (round > 0) costs.get(part.name)?.push(cost);
    }
  }
  for (const [name, values] of costs) say(`${(median(values) ?? Number.NaN).toFixed(2).padStart(8)}  ${name}`);
  return costs;
}

async function costOf({ turns, run }: Part): Promise<number> {
  const before = ownCpuMicroseconds();
  for (let turn = 0; turn < turns; turn += 1) {
    const result = run(turn);
    if (result instanceof Promise) await result;
  }
  return (ownCpuMicroseconds() - before) / turns;
}

/** The floor: the bytes are at hand, the key is prepared, and nothing else is done. */
function bareVerification({ tokens, publicKey }: ValidateWorld): Part {
  const inputs = tokens.map((token) => {
    const end = token.lastIndexOf('.');
    return { data: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), 'base64url') };
  });
  const all = inputs.every(({ data, signature }) => verify('sha256', data, publicKey, signature));
  if (!all) throw new Error('a token of the bench does not verify');
  return {
    name: 'verify RS256, nothing else',
    turns: 4000,
    run(turn) {
      const input = inputs[turn % inputs.length];
      return input !== undefined && verify('sha256', input.data, publicKey, input.signature);
    },
  };
}

async function validation(world: ValidateWorld): Promise<Part> {
  const validate = validatorOf(world);
  const { tokens } = world;
  for (const token of tokens) {
    const report = await validate(token);
    if (report.outcome === 'rejected') throw new Error(`a token of the bench is refused: ${report.findings[0].code}`);
  }
  const size = tokens[0]?.length ?? 0;
  return {
    name: `validate an Entra token of ${size.toString()} characters, its key at hand`,
    turns: 4000,
    run: (turn) => validate(tokens[turn % tokens.length] ?? ''),
  };
}

async function refusals(world: ValidateWorld, length: number): Promise<readonly Part[]> {
  const validate = validatorOf(world);
  return Promise.all(world.refused(length).map((family) => refusal(family, length, validate)));
}

async function refusal({ why, tokens }: RefusedTokens, length: number, validate: Validator): Promise<Part> {
  const codes = new Set<string>();
  for (const token of tokens) {
    const report = await validate(token);
    if (report.outcome === 'accepted') throw new Error(`a token that should be refused is accepted: ${why}`);
    codes.add(report.findings[0].code);
  }
  return {
    name: `refuse ${(length / 1024).toString()} KiB: ${why} (${[...codes].join(', ')})`,
    turns: 2000,
    run: (turn) => validate(tokens[turn % tokens.length] ?? ''),
  };
}

type Validator = (token: string) => ReturnType<ValidateWorld['engine']['validate']>;

function validatorOf({ engine, presenter }: ValidateWorld): Validator {
  return (token) => engine.validate(context, { token, field: 'subject_token', presenter });
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
