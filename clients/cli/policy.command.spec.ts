import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
import type { PlanReport } from '#managers/policy/contract.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { createServiceLogin, type ServiceLogin } from '../../test/support/service-login.js';
import { addImportCommand } from './import.command.js';
import { addPolicyQuestions } from './policy-questions.command.js';
import { addPolicyCommand } from './policy.command.js';

const BILLING = 'https://billing.acme.example';
const WORLD = {
  apiVersion: 'countersign/v1',
  tenants: [{ slug: 'acme' }],
  applications: [
    {
      audience: BILLING,
      prefix: 'billing',
      permissions: [{ name: 'billing:invoice:read' }, { name: 'billing:invoice:create' }],
    },
  ],
  issuers: [{ name: 'id', provider: 'oidc', issuer: 'https://id.acme.example', tenant: 'acme', audiences: ['api'] }],
  subjects: ['alice', 'bob'].map((key) => ({ tenant: 'acme', key, kind: 'user', identities: [{ issuer: 'id', id: key }] })),
  assignments: [{ tenant: 'acme', principal: 'subject:alice', role: 'clerk' }],
};
const header = { apiVersion: 'countersign/v1' };
const metadata = { tenant: 'acme', name: 'main', message: 'let clerks read' };
const POLICY = { ...header, kind: 'PolicySet', metadata, roles: { clerk: { grants: ['billing:invoice:read'] } } };
const WIDER = { ...POLICY, roles: { clerk: { grants: ['billing:invoice:*'] } } };
const NOTHING = { ...POLICY, roles: {} };
const TESTS = {
  ...header,
  kind: 'PolicyTest',
  defaults: { now: '2026-05-13T08:30:00Z' },
  tests: [{ name: 'no one loses read', given: { all_subjects: true }, invariant: 'superset_of_live', permissions: ['**:read'] }],
};

describeOnPostgres('countersign policy', (open) => {
  const home = mkdtempSync(join(tmpdir(), 'policy-command-'));
  const config = join(home, 'settings.json');
  const environmentUrl = process.env['DATABASE_URL'];
  let printed: string[] = [];
  let login: ServiceLogin;
  const file = (name: string, document: object): string => {
    writeFileSync(join(home, name), JSON.stringify(document));
    return join(home, name);
  };

  beforeAll(async () => {
    delete process.env['DATABASE_URL'];
    const { settings } = await open();
    login = await createServiceLogin(settings);
    createKeyEncryptionKeyFile(join(home, 'kek'));
    const document = { issuer: 'https://auth.example.com', database: { url: login.url }, keys: { keyEncryptionKeyFile: 'kek' } };
    writeFileSync(config, JSON.stringify({ ...document, log: { level: 'silent' } }));
  });
  afterAll(async () => {
    await login.drop();
    if (environmentUrl !== undefined) process.env['DATABASE_URL'] = environmentUrl;
    rmSync(home, { recursive: true });
  });
  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });

  /** What the command prints, and what the process would end with. */
  async function run(...parameters: readonly string[]): Promise<{ readonly text: string; readonly code: number }> {
    process.exitCode = 0;
    const program = new Command().exitOverride();
    for (const add of [addImportCommand, addPolicyCommand, addPolicyQuestions]) add(program);
    await program.parseAsync([...parameters, '--config', config], { from: 'user' });
    const code = process.exitCode;
    process.exitCode = 0;
    return { text: printed.splice(0).join('\n'), code };
  }
  const plan = async (document: object, ...more: readonly string[]) => {
    const { text, code } = await run('policy', 'plan', file('policy.json', document), '--json', ...more);
    return { report: JSON.parse(text) as PlanReport, code };
  };
  const QUESTION = ['--tenant', 'acme', '--audience', BILLING];

  it('goes from a file to a policy in force and back, and says so to people and to machines', async () => {
    await run('import', file('world.json', WORLD));
    expect(await run('policy', 'lint', file('policy.json', POLICY))).toEqual({
      text: expect.stringMatching(/^warning .*\nacme main: 0 faults, 1 warning$/),
      code: 0,
    });
    const faulty = { ...POLICY, roles: { clerk: { grants: ['biling:invoice:read'] } } };
    expect(await run('policy', 'lint', file('faulty.json', faulty))).toMatchObject({
      text: expect.stringMatching(/fault .*biling/),
      code: 1,
    });

    const shown = await run('policy', 'plan', file('policy.json', POLICY));
    expect(shown.code).toBe(2);
    expect(shown.text).toContain('2 subjects: 1 changed, 1 gain, 0 lose\n  risk low: 1 gained\n  role:clerk: 1 subject');
    expect(shown.text).toContain('  + alice  billing:invoice:read  gained');

    const { report } = await plan(POLICY);
    const applied = await run('policy', 'apply', '--plan', report.planId, '--reason', 'first');
    expect(applied).toEqual({ text: 'activation 1: main version 1 is in force (first)', code: 0 });
    expect((await plan(POLICY)).code).toBe(0);
    expect((await run('can-i', 'alice', 'billing:invoice:read', ...QUESTION)).text).toMatch(/^yes: alice billing:invoice:read/);
    expect(await run('can-i', 'bob', 'billing:invoice:read', ...QUESTION)).toMatchObject({
      text: expect.stringMatching(/^no: bob billing:invoice:read \(no_grant/) as unknown,
      code: 1,
    });
    expect((await run('who-can', 'billing:invoice:read', ...QUESTION)).text).toBe('alice');
    expect((await run('who-can', 'billing:invoice:create', ...QUESTION)).text).toBe('nobody who is stored');

    const next = await plan(WIDER);
    const differing = await run('policy', 'diff', '2', '--tenant', 'acme');
    expect(differing).toEqual({ text: 'roles.clerk.grants: ["billing:invoice:read"] → ["billing:invoice:*"]', code: 2 });
    expect((await run('policy', 'diff', '2', '2', '--tenant', 'acme')).code).toBe(0);
    await run('policy', 'shadow', '--plan', next.report.planId, '--share', '0.5');
    await run('policy', 'apply', '--plan', next.report.planId, '--reason', 'second');
    const back = await run('policy', 'rollback', '--tenant', 'acme', '--reason', 'third thoughts');
    expect(back.text).toBe('activation 4: main version 1 is in force (third thoughts)');
    const history = (await run('policy', 'history', '--tenant', 'acme')).text;
    expect(history.split('\n').map((line) => line.slice(26).replace(/\(.*/, ''))).toEqual([
      'version 2 by cli: let clerks read ',
      'version 1 by cli: let clerks read ',
      'activation 4: version 1 enforce by cli: third thoughts',
      'activation 3: version 2 enforce by cli: second ',
      'activation 2: version 2 shadow by cli: shadow for 0.5 of the traffic ',
      'activation 1: version 1 enforce by cli: first ',
    ]);
    expect((await run('policy', 'show', '--tenant', 'acme')).text).toContain('kind: PolicySet');
    expect((await run('policy', 'show', '2', '--tenant', 'acme')).text).toContain('billing:invoice:*');
    expect((await run('policy', 'show', '--plan', next.report.planId)).text).toContain(`plan ${next.report.planId}`);
  });

  it('ends with 1 where guard rails or tests refuse, and says which', async () => {
    const refused = await plan(NOTHING, '--max-subjects-losing', '0');
    expect([refused.code, refused.report.refusals]).toEqual([1, [expect.stringContaining('max_subjects_losing')]]);
    const gaining = await plan(WIDER, '--forbid-gain', 'billing:invoice:create');
    expect([gaining.code, gaining.report.refusals]).toEqual([1, [expect.stringContaining('forbid_gain')]]);
    const tests = file('tests.json', TESTS);
    const failing = await run('policy', 'test', file('policy.json', NOTHING), '--tests', tests);
    expect(failing).toMatchObject({ code: 1, text: expect.stringContaining('FAIL  no one loses read') as unknown });
    expect(await run('policy', 'test', file('policy.json', WIDER), '--tests', tests)).toMatchObject({ code: 0 });
    expect((await plan(NOTHING, '--tests', tests)).report.refusals).toEqual(['test fails: no one loses read']);
    await expect(run('policy', 'plan', file('broken.json', { kind: 'nothing' }))).rejects.toMatchObject({
      code: 'POLICY_INVALID',
    });
    await expect(run('policy', 'plan', join(home, 'absent.yaml'))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    await expect(run('policy', 'show')).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_MISSING' });
  });

  it('refuses an approval by the author, and a subject that is not there', async () => {
    const { report } = await plan(WIDER);
    await expect(run('policy', 'approve', '--plan', report.planId)).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
    await expect(run('can-i', 'ghost', 'billing:invoice:read', ...QUESTION)).rejects.toMatchObject({ code: 'SUBJECT_UNKNOWN' });
    const unknown = ['--tenant', 'acme', '--audience', 'https://nothing.example'];
    await expect(run('who-can', 'billing:invoice:read', ...unknown)).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
    const resource = ['--resource', '{type: invoice, id: i1}', '--context', '{ip: 10.1.2.3}', '--at', '2026-05-13T08:30:00Z'];
    expect((await run('can-i', 'alice', 'billing:invoice:read', ...QUESTION, ...resource)).text).toMatch(/^yes/);
  });
});
