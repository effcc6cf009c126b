import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { withManagers } from '#clients/host.js';
import { asOwner } from '../../support/as-owner.js';
import { basic, exchangeForm, post } from '../../support/callers.js';
import { describeOnPostgres, type TestDatabase } from '../../support/database.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../../support/service.js';

const ROUNDS = Number(process.env['AUDIT_KILL_ROUNDS'] ?? 2);
const CALLERS = 24;
const HOOKS = join(import.meta.dirname, '../../support/typescript.mjs');
const MAIN = join(import.meta.dirname, 'service.main.ts');

describeOnPostgres('kill -9 under load', (open) => {
  let opened: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    opened = await open();
    service = await startService({ database: opened.settings });
  }, 60_000);
  afterAll(() => service.stop());

  it(
    `every token that was answered has its record, and all chains verify: ${String(ROUNDS)} rounds`,
    async () => {
      const answered: string[] = [];
      let lost = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const { child, httpUrl } = await startedProcess();
        const before = answered.length;
        const callers = Array.from({ length: CALLERS }, () => callUntilItEnds(httpUrl, answered));
        // From a few answers to a few hundred, so that kills fall into every part of a commit.
        const enough = 1 + Math.floor(Math.random() * 300);
        while (answered.length - before < enough) await new Promise((resolve) => setTimeout(resolve, 1));
        child.kill('SIGKILL');
        lost += (await Promise.all(callers)).length;
        if (child.signalCode === null) await once(child, 'exit');
        expect(child.signalCode).toBe('SIGKILL');
      }
      expect(lost).toBe(ROUNDS * CALLERS);
      const rows = await asOwner<{ id: string }>(
        opened.database,
        `select token_id as id from audit_record where outcome = 'issued'`,
      );
      const recorded = new Set(rows.map(({ id }) => id));
      expect(answered.filter((id) => !recorded.has(id))).toEqual([]);
      expect(rows.length).toBe(recorded.size);
      expect(answered.length).toBeGreaterThanOrEqual(ROUNDS);
      const verdict = await withManagers(
        service.settings,
        async ({ auditAdministration }, context) => {
          await service.another();
          return auditAdministration.verify(context, { anchors: [] });
        },
        { unsafeRole: 'step-down' },
      );
      expect(verdict).toMatchObject({ whole: true, chainFaults: [], checkpointFaults: [] });
      expect(verdict.records).toBeGreaterThanOrEqual(answered.length);
      process.stdout.write(
        `${String(ROUNDS)} rounds of kill -9: ${String(answered.length)} answered, ${String(rows.length)} recorded, ` +
          `${String(verdict.chains)} chains, 0 lost\n`,
      );
    },
    30_000 + ROUNDS * 30_000,
  );

  async function startedProcess(): Promise<{ readonly child: ChildProcess; readonly httpUrl: string }> {
    const { http, grpc } = service.settings;
    const settings = { ...service.settings, http: { ...http, port: 0 }, grpc: { ...grpc, port: 0 } };
    const child = spawn(process.execPath, ['--import', HOOKS, MAIN, JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const [started] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('the service did not start');
      }),
    ])) as [{ readonly httpUrl: string }];
    return { child, httpUrl: started.httpUrl };
  }

  /** Answers when the connection breaks. */
  async function callUntilItEnds(httpUrl: string, answered: string[]): Promise<void> {
    const authorization = basic(PORTAL_CLIENT_ID, service.secret);
    const subjectToken = service.identityProvider.issue({ persona: 'alice' });
    for (;;) {
      const answer = await post({ httpUrl }, exchangeForm(subjectToken), { authorization }).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 200) answered.push(String(decodeJwt(String(answer.body['access_token'])).jti));
    }
  }
});
