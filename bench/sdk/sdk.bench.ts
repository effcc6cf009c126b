/** What the library for other services costs: a token verified with warm keys against jose's own, and a token from memory. */
import { createLocalJWKSet, importJWK, type JWK, jwtVerify, type JWTVerifyOptions } from 'jose';
import { createTokenSource } from '#clients/sdk/caller/token-source.js';
import { createVerifier } from '#clients/sdk/verifier.js';
import type { CleanUp } from '../processes/clean-up.js';
import { cpuForEach, type Timed } from '../signing/interleaved.js';
import { openSdkWorld, type SdkAlgorithm, sdkAlgorithms, sdkAudience, type SdkWorld } from './sdk.world.js';

export interface SdkBenchOptions {
  readonly rounds: number;
  readonly cleanUp: CleanUp;
  readonly say: (line: string) => void;
}

/** Verifying may cost no more than jose's own. */
const mostOfJose = 1;
const mostHitUs = 5;
const subjects = 5_000;
const fewSubjects = 100;
const subjectTokenCharacters = 1_500;

interface Verification {
  readonly oursUs: number;
  readonly joseUs: number;
  readonly ratio: number;
}

/** Answers whether both limits are kept. */
export async function timeSdk({ rounds, cleanUp, say }: SdkBenchOptions): Promise<boolean> {
  const world = await openSdkWorld(cleanUp);
  say(`CPU µs for each call, threads of the pool included, median of ${String(rounds)} rounds in turns`);
  const verify = new Map<SdkAlgorithm, Verification>();
  for (const algorithm of sdkAlgorithms) verify.set(algorithm, await timeVerify(world, algorithm, { rounds, say, cleanUp }));
  const hitUs = await timeHits(world, { rounds, say, cleanUp });
  const withinVerify = [...verify.values()].every(({ ratio }) => ratio <= mostOfJose);
  const withinHit = Object.values(hitUs).every((cost) => cost <= mostHitUs);
  const within = withinVerify && withinHit;
  const figures = { verify: Object.fromEntries(verify), hitUs };
  say(JSON.stringify({ sdk: figures, mostOfJose, mostHitUs, within, rounds, node: process.version }));
  return within;
}

async function timeVerify(
  world: SdkWorld,
  algorithm: SdkAlgorithm,
  { rounds, cleanUp, say }: SdkBenchOptions,
): Promise<Verification> {
  const { issuer } = world;
  const token = world.token(algorithm);
  const verifier = createVerifier({ issuer, audience: sdkAudience });
  cleanUp.defer(() => {
    verifier.close();
  });
  await verifier.prepare();
  const jwk = world.publicKeys[algorithm] as JWK;
  const [key, keySet] = [await importJWK(jwk), createLocalJWKSet({ keys: [jwk] })];
  const options: JWTVerifyOptions = { issuer, audience: sdkAudience, typ: 'at+jwt', algorithms: [algorithm] };
  const things: readonly Timed[] = [
    { name: 'verifier.verify', run: () => verifier.verify(token) },
    { name: 'jose: jwtVerify with the key', run: () => jwtVerify(token, key, options) },
    { name: 'jose: jwtVerify with the key set', run: () => jwtVerify(token, keySet, options) },
  ];
  const costs = await cpuForEach(things, rounds);
  tell(algorithm, costs, say);
  const [ours = Number.NaN, ...theirs] = costs.values();
  const cheapest = Math.min(...theirs);
  return { oursUs: rounded(ours), joseUs: rounded(cheapest), ratio: rounded(ours / cheapest, 3) };
}

async function timeHits(world: SdkWorld, { rounds, cleanUp, say }: SdkBenchOptions): Promise<Readonly<Record<string, number>>> {
  const client = { clientId: 'orders', secret: 'secret' };
  const source = createTokenSource({ issuer: world.issuer, client, audience: sdkAudience });
  cleanUp.defer(() => {
    source.close();
  });
  const named = (number: number): string => `${String(number).padStart(8, '0')}${'t'.repeat(subjectTokenCharacters)}`;
  const tokens = Array.from({ length: subjects }, (_, number) => Buffer.from(named(number)));
  for (const token of tokens) await source.token({ subjectToken: token.toString() });
  // A request brings its token as a text of its own each time: nothing can be known of it by identity.
  const arriving = (number: number): string => (tokens[number] ?? Buffer.alloc(0)).toString('latin1');
  let turn = 0;
  const few = (): string => arriving((turn = (turn + 1) % fewSubjects));
  const many = (): string => arriving((turn = (turn + 1) % subjects));
  const costs = await cpuForEach(
    [
      { name: `one of ${String(fewSubjects)} subjects in turn`, run: () => source.token({ subjectToken: few() }) },
      { name: `one of ${String(subjects)} subjects in turn`, run: () => source.token({ subjectToken: many() }) },
      { name: 'making the text of the subject token alone', run: few },
    ],
    rounds,
  );
  tell(`a token from memory, for a subject token of ${String(subjectTokenCharacters)} characters`, costs, say);
  const [ofFew = Number.NaN, ofMany = Number.NaN] = costs.values();
  return { ofFew: rounded(ofFew, 2), ofMany: rounded(ofMany, 2) };
}

function tell(title: string, costs: ReadonlyMap<string, number>, say: (line: string) => void): void {
  say(`\n${title}`);
  for (const [name, cost] of costs) say(`${cost.toFixed(2).padStart(8)}  ${name}`);
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
