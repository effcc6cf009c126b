import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_MAPPING } from '#clients/error-mapping.js';
import type { CreatedKey } from '#accessors/key/signing-backend.contract.js';
import { CALM } from '#devkit/key-vault/vault-knobs.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CATALOGUE, type ErrorCode } from '#utilities/errors/catalogue.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import { RunningClock } from './running.clock.js';
import { VAULT_FAULT_ROWS, type VaultFaultRow } from './vault-fault-rows.js';
import { type Outcome, outcomeOf, VaultHouse, type VaultProcess } from './vault.house.js';

/** No refusal may outlive its cause by more. */
const LONGEST_RECOVERY_SECONDS = 30;
const LOCAL_SIGNATURES = 50;

const clock = new RunningClock();
const house = new VaultHouse(clock);
let running: VaultProcess;
let keys: { readonly direct: CreatedKey; readonly wrapped: CreatedKey };

beforeAll(async () => {
  await house.start();
  running = house.process();
  keys = await house.makeKeys(running);
  // As at boot: a process opens the keys that it is to sign with.
  await startWith(running);
});
afterAll(() => house.stop());
afterEach(async () => {
  await house.vault.turn(CALM);
  // What one row left behind must not meet the next.
  clock.advance(LONGEST_RECOVERY_SECONDS * 1_000);
});

const signInVault = (process = running): Promise<unknown> =>
  Promise.resolve(process.direct.sign(keys.direct.handle, 'ES256', 'x.y'));
const signLocally = (): unknown => running.wrapping.sign(keys.wrapped.handle, 'ES256', 'x.y');
/** What a new process does first: it has the vault open the signing key. */
const startWith = (process: VaultProcess): Promise<unknown> => process.wrapping.publicKey(keys.wrapped.handle, 'ES256');

function report(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Pushes the clock until the work succeeds; answers after how many seconds it did. */
async function secondsUntil(work: () => unknown): Promise<number> {
  for (let seconds = 0; seconds <= LONGEST_RECOVERY_SECONDS; seconds += 1) {
    if ((await outcomeOf(work)).code === 'ok') return seconds;
    clock.advance(1_000);
  }
  return Number.POSITIVE_INFINITY;
}

/** While the vault fails: what it is told apart as, who learns what, and that a process that signs by itself feels nothing. */
async function observe(
  row: VaultFaultRow,
  { signing, starting }: { readonly signing: VaultProcess; readonly starting: VaultProcess },
): Promise<Readonly<Record<string, unknown>>> {
  const direct = await outcomeOf(() => signInVault(signing));
  expect(direct.code).toBe(row.code);
  expect(direct.internal).toMatch(row.logged ?? /./);
  const start = await outcomeOf(() => startWith(starting));
  expect(start.code).toBe(row.startCode ?? row.code);
  for (const { told } of [direct, start]) expect(told).not.toMatch(/\d+\.\d+\.\d+\.\d+|localhost|tok-es256|kek/);
  expect(ERROR_MAPPING[row.code].grpc).toMatch(/^(UNAVAILABLE|RESOURCE_EXHAUSTED)$/);

  const callsBefore = house.vault.calls();
  const local = await Promise.all(Array.from({ length: LOCAL_SIGNATURES }, () => outcomeOf(signLocally)));
  const localErrors = local.filter(({ code }) => code !== 'ok').length;
  const localCalls = house.vault.calls() - callsBefore;
  expect([localErrors, localCalls]).toEqual([0, 0]);
  return { code: direct.code, startCode: start.code, localSignatures: LOCAL_SIGNATURES, localErrors, localCalls };
}

describe('A vault that fails', () => {
  it.each(VAULT_FAULT_ROWS)('$fault: $name', async (row) => {
    const patience = row.timeoutMs === undefined ? {} : { timeoutMs: row.timeoutMs };
    const starting = house.process(patience);
    const signing = row.timeoutMs === undefined ? running : house.process(patience);
    await secondsUntil(() => signInVault(signing));
    await row.inject(house);
    const during = await observe(row, { signing, starting }).finally(() => row.heal(house));
    const recoverySeconds = await secondsUntil(() => signInVault(signing));
    const startRecoverySeconds = await secondsUntil(() => startWith(starting));
    report({ fault: row.fault, name: row.name, ...during, recoverySeconds, startRecoverySeconds });
    expect(Math.max(recoverySeconds, startRecoverySeconds)).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
  });

  it('F22: a name that does not resolve, and then does', async () => {
    let resolves = false;
    const process = house.process({
      lookup: (_hostname, options, callback) => {
        if (!resolves) callback(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), '');
        else if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
        else callback(null, '127.0.0.1', 4);
      },
    });
    expect((await outcomeOf(() => startWith(process))).code).toBe('VAULT_NAME_UNRESOLVED');
    resolves = true;
    expect(await secondsUntil(() => startWith(process))).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
  });

  it.each([
    ['another resource', { resource: 'https://graph.microsoft.com' }],
    ['a resource of another domain', { resource: 'https://vault.evil.example' }],
    ['an authority that nobody trusts', { authorization: 'https://login.evil.example/tenant' }],
    ['no resource at all', { header: 'Bearer realm="vault"' }],
  ])('F22: a challenge that names %s is not believed, and no token is sent', async (_, challenge) => {
    await house.vault.turn({ challenge });
    house.vault.forgetCounts();
    const process = house.process();
    expect((await outcomeOf(() => startWith(process))).code).toBe('VAULT_CHALLENGE_UNTRUSTED');
    expect(house.vault.answers(200)).toBe(0);
    await house.vault.turn(CALM);
    expect(await secondsUntil(() => startWith(process))).toBeLessThanOrEqual(LONGEST_RECOVERY_SECONDS);
  });
});

describe('A vault that throttles', () => {
  it('F21: is not asked again before the time that it named', async () => {
    await house.vault.turn({ fault: 'throttled', retryAfterSeconds: 20 });
    await outcomeOf(signInVault);
    house.vault.forgetCounts();
    for (let index = 0; index < 20; index += 1) {
      const { code, retryAfterSeconds } = await outcomeOf(signInVault);
      expect(code).toBe('VAULT_THROTTLED');
      expect(retryAfterSeconds).toBeLessThanOrEqual(20);
    }
    expect(house.vault.calls()).toBe(0);
    await house.vault.turn(CALM);
    clock.advance(20_000);
    await signInVault();
    expect(house.vault.calls()).toBe(1);
  });

  it('F21: for three calls of ten: signatures come late, and all of them come', async () => {
    const requests = 10;
    await house.vault.turn({ fault: 'throttled', share: 0.3, operations: ['sign'], retryAfterSeconds: 1 });
    house.vault.forgetCounts();
    const codes: string[] = [];
    for (let index = 0; index < requests; index += 1) codes.push((await outcomeOf(signInVault)).code);
    const calls = house.vault.calls('sign');
    report({ fault: 'F21', name: '429 for 30 %', requests, calls, succeeded: codes.filter((code) => code === 'ok').length });
    expect(new Set(codes)).toEqual(new Set(['ok']));
    expect(calls).toBeGreaterThan(requests);
  });

  it('F22: 500 for three calls of ten: repetitions are a tenth of all calls, beside ten that were saved', async () => {
    const requests = 100;
    await house.vault.turn({ fault: 'server-error', share: 0.3, operations: ['sign'] });
    house.vault.forgetCounts();
    const process = house.process();
    await process.direct.publicKey(keys.direct.handle, 'ES256');
    const outcomes: Outcome[] = [];
    for (let index = 0; index < requests; index += 1) outcomes.push(await outcomeOf(() => signInVault(process)));
    const calls = house.vault.calls('sign');
    const succeeded = outcomes.filter(({ code }) => code === 'ok').length;
    report({ fault: 'F22', name: '500 for 30 %', requests, calls, succeeded });
    expect(calls).toBeGreaterThan(requests);
    expect(calls).toBeLessThanOrEqual(requests + 1 + 10 + Math.ceil(requests * 0.1) + 1);
  });

  it('sheds what is asked of it at ten times its limit, with a time to come back, and never meets the limit itself', async () => {
    const limit = 100;
    const steps = 100;
    const manual = new ManualClock();
    const other = new VaultHouse(manual);
    await other.start();
    try {
      const process = other.process({ unitsPer10Seconds: limit });
      const { direct } = await other.makeKeys(process);
      manual.advance(20_000);
      await other.vault.turn({ limits: { units: limit, creations: 20 } });
      other.vault.forgetCounts();
      const outcomes = [];
      for (let step = 0; step < steps; step += 1) {
        for (let index = 0; index < (10 * limit) / steps; index += 1) {
          outcomes.push(await outcomeOf(() => process.direct.sign(direct.handle, 'ES256', 'x.y')));
        }
        manual.advance(10_000 / steps);
      }
      const signed = outcomes.filter(({ code }) => code === 'ok').length;
      const shed = outcomes.filter(({ code }) => code === 'SIGNING_THROTTLED');
      const calls = other.vault.calls('sign');
      report({
        fault: 'F21',
        name: 'ten times the limit',
        limit,
        asked: outcomes.length,
        signed,
        shed: shed.length,
        calls,
        refused: other.vault.answers(429),
      });
      expect(signed + shed.length).toBe(10 * limit);
      expect(shed.every(({ retryAfterSeconds }) => (retryAfterSeconds ?? 0) >= 1)).toBe(true);
      expect(other.vault.answers(429)).toBe(0);
      expect(calls).toBe(signed);
      expect(signed).toBeGreaterThanOrEqual(limit * 0.9);
      expect(signed).toBeLessThanOrEqual(limit);
      expect(ERROR_MAPPING.SIGNING_THROTTLED).toMatchObject({ http: 429, grpc: 'RESOURCE_EXHAUSTED' });
    } finally {
      await other.stop();
    }
  });
});

describe('A process that signs by itself with keys that a vault wraps', () => {
  it('signs at the speed of the primitive, also while the vault fails', async () => {
    const bare = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const input = Buffer.from('x.y');
    const signBare = (): unknown => sign('sha256', input, bare);
    /** Of the best of many short rounds, in turn with the primitive: a machine that is busy spoils most of them for both. */
    const timesBare = async (): Promise<number> => {
      const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let round = 0; round < 100; round += 1) {
        for (const [which, work] of [signBare, signLocally].entries()) {
          const from = clock.monotonic();
          for (let index = 0; index < 20; index += 1) await work();
          best[which] = Math.min(best[which] ?? 0, clock.monotonic() - from);
        }
      }
      return Math.round(((best[1] ?? 0) / (best[0] ?? 1)) * 100) / 100;
    };
    await timesBare();
    const well = await timesBare();
    await house.vault.turn({ outage: 'refused' });
    house.vault.forgetCounts();
    const failing = await timesBare();
    expect(house.vault.calls()).toBe(0);
    report({ fault: 'F22', name: 'local signing, times the primitive', well, failing });
  });
});

describe('The codes of a vault', () => {
  const codes = Object.keys(CATALOGUE).filter((code): code is ErrorCode => code.startsWith('VAULT_'));

  it('tell the operator what to do, and the caller to come back', () => {
    for (const code of codes) {
      if (code !== 'VAULT_CONFLICT') expect(CATALOGUE[code].remedy.join(' ')).toContain('Operator:');
      expect(ERROR_MAPPING[code].http).toBeGreaterThanOrEqual(429);
    }
  });

  it.each([...codes, 'SIGNING_THROTTLED'] as const)('%s is our fault and not the refusal of a caller', (code) => {
    expect(isServiceFault(code)).toBe(true);
  });
});
