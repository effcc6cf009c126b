import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { plantTree, run, type Outcome, type PlantedTree } from './planted-tree.js';

const GREEN = '12 passed, 0 failed, 0 skipped';

/** Stands in for npm: notes what is asked of it, and fails where the test says so. */
const NPM = `#!/bin/sh
case "$*" in
  --version) echo 11.0.0; exit 0 ;;
  test) echo "Tests: many"; echo "$TOTALS"; echo "Time: 1 s"; echo 'ran: test'; [ -z "$TESTS_FAIL" ] ;;
  *verify) echo 'ran: verify'; [ -z "$GATES_FAIL" ] ;;
  *conformance:cel) echo 'ran: conformance'; [ -z "$CONFORMANCE_FAILS" ] ;;
  *test:long) echo 'ran: long'; [ -z "$LONG_FAILS" ] ;;
  *fuzz:tokens*) echo 'ran: fuzz'; [ -z "$FUZZ_FAILS" ] ;;
  *soak:rotation*) echo 'ran: soak'; [ -z "$SOAK_FAILS" ] ;;
  *demo) echo 'ran: demo'; [ -z "$DEMO_FAILS" ] ;;
  *'bench -- permissions --short --no-limits') echo 'ran: permissions'; [ -z "$PERMISSIONS_FAIL" ] ;;
  *'bench -- grpc --short --no-limits') echo 'ran: checks'; [ -z "$CHECKS_FAIL" ] ;;
  *'interop -- --must python,nginx,haproxy') echo 'ran: interop'; [ -z "$INTEROP_FAILS" ] ;;
  *'bench -- --short') echo 'ran: bench'; [ -z "$BENCH_FAILS" ] ;;
  *) echo "unknown: $*"; exit 1 ;;
esac
`;

const lines = ({ stdout }: Outcome): string[] => stdout.trimEnd().split('\n');

describe('.ci/run', () => {
  let tree: PlantedTree;

  beforeAll(async () => {
    tree = await plantTree(['.ci/run'], { 'bin/npm': NPM, 'bin/apt-get': '#!/bin/sh\n', 'bench/main.ts': '' });
    await Promise.all(['bin/npm', 'bin/apt-get'].map((file) => chmod(join(tree.root, file), 0o755)));
  });

  afterAll(() => tree.remove());

  // A database is named, and apt-get does nothing, so that nothing is installed.
  const ci = (env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    run(['bash', join(tree.root, '.ci/run')], {
      cwd: '/',
      env: {
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        TOTALS: GREEN,
        VECTORS_DIR: tree.root,
        ...env,
        PATH: [join(tree.root, 'bin'), process.env['PATH']].join(delimiter),
      },
    });

  it('runs tests, gates, demonstration and benchmark, and ends with the totals', async () => {
    const outcome = await ci();
    expect(outcome.output.match(/^ran: \w+/gm)).toEqual([
      'ran: test',
      'ran: verify',
      'ran: conformance',
      'ran: long',
      'ran: fuzz',
      'ran: fuzz',
      'ran: soak',
      'ran: demo',
      'ran: bench',
      'ran: permissions',
      'ran: checks',
      'ran: interop',
    ]);
    expect(lines(outcome).at(-1)).toBe(GREEN);
    expect(outcome.status).toBe(0);
  });

  it('takes skipped tests where there are no vectors to run them on', async () => {
    const outcome = await ci({ VECTORS_DIR: '', TOTALS: '10 passed, 0 failed, 2 skipped' });
    expect(outcome.status).toBe(0);
  });

  it.each([
    ['tests', { TESTS_FAIL: '1', TOTALS: '11 passed, 1 failed, 0 skipped' }, 'failed: tests'],
    ['gates', { GATES_FAIL: '1' }, 'failed: gates'],
    ['conformance', { CONFORMANCE_FAILS: '1' }, 'failed: conformance'],
    ['long forms', { LONG_FAILS: '1' }, 'failed: long forms'],
    ['permissions', { PERMISSIONS_FAIL: '1' }, 'failed: permissions'],
    ['checks', { CHECKS_FAIL: '1' }, 'failed: checks'],
    ['interop', { INTEROP_FAILS: '1' }, 'failed: interop'],
    ['soak', { SOAK_FAILS: '1' }, 'failed: soak'],
    ['demonstration', { DEMO_FAILS: '1' }, 'failed: demonstration'],
    ['benchmark', { BENCH_FAILS: '1' }, 'failed: benchmark'],
    [
      'skipped tests',
      { TOTALS: '10 passed, 0 failed, 2 skipped' },
      'failed: tests were skipped, though here nothing may be missing',
    ],
    ['tests that did not run', { TOTALS: '0 passed, 0 failed, 0 skipped' }, 'failed: no test ran'],
    ['a runner without totals', { TOTALS: '' }, 'failed: the test runner gave no totals'],
  ])('fails for %s, after running everything else', async (_name, env, told) => {
    const outcome = await ci(env);
    expect(outcome.output.match(/^ran: /gm)).toHaveLength(12);
    expect(lines(outcome)).toContain(told);
    expect(lines(outcome).at(-1)).toMatch(/^\d+ passed, \d+ failed/);
    expect(outcome.status).toBe(1);
  });
});
