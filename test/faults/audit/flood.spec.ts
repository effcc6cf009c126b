import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asOwner } from '../../support/as-owner.js';
import { basic, exchangeForm } from '../../support/callers.js';
import { describeOnPostgres, type TestDatabase } from '../../support/database.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../../support/service.js';

const REFUSALS = Number(process.env['AUDIT_FLOOD_REFUSALS'] ?? 5_000);
const AT_ONCE = 32;

describeOnPostgres('Refusals of callers that are not authenticated', (open) => {
  let opened: TestDatabase;
  let service: TestService;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  beforeAll(async () => {
    opened = await open();
    service = await startService({ database: opened.settings });
  }, 60_000);
  afterAll(async () => {
    agent.destroy();
    await service.stop();
  });

  it(
    `leave nothing that lasts: ${String(REFUSALS)} of them`,
    async () => {
      const genuine = service.identityProvider.issue({ persona: 'alice' });
      await refused(0, genuine);
      const before = await contents();
      const from = performance.now();
      let next = 0;
      const statuses = new Map<number, number>();
      const caller = async (): Promise<void> => {
        while (next < REFUSALS) {
          const status = await refused(next++, genuine);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, caller));
      expect([...statuses.keys()].filter((status) => status < 400 || status >= 500)).toEqual([]);
      expect(await contents()).toEqual(before);
      const seconds = Math.round((performance.now() - from) / 1_000);
      process.stdout.write(`${String(REFUSALS)} refusals without authentication in ${String(seconds)} s: no row, in no table\n`);
    },
    60_000 + REFUSALS * 5,
  );

  /** Every way of not being authenticated, in turn, with values that differ each time. */
  function refused(number: number, genuine: string): Promise<number> {
    const unique = `${String(number)}-${'x'.repeat(number % 50)}`;
    const ways: readonly { readonly authorization?: string; readonly form: URLSearchParams }[] = [
      { form: exchangeForm(unique) },
      { authorization: basic(PORTAL_CLIENT_ID, unique), form: exchangeForm(genuine) },
      { authorization: basic(`client-${unique}`, unique), form: exchangeForm(unique) },
      { authorization: `Basic ${unique}`, form: exchangeForm(unique) },
      { form: exchangeForm(genuine, { client_id: PORTAL_CLIENT_ID, client_secret: unique }) },
      { form: exchangeForm(unique, { client_id: `client-${unique}` }) },
    ];
    const { authorization, form } = ways[number % ways.length] ?? { form: exchangeForm('') };
    return posted(form.toString(), authorization === undefined ? {} : { authorization });
  }

  function posted(body: string, headers: Readonly<Record<string, string>>): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${service.host.httpUrl}/oauth2/token`,
        {
          method: 'POST',
          agent,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
            ...headers,
          },
        },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** How many rows each table has; what timers renew is one row, however often. */
  async function contents(): Promise<Readonly<Record<string, number>>> {
    const tables = await asOwner<{ name: string }>(
      opened.database,
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
         and relname not in ('audit_unsealed', 'audit_checkpoint', 'work_lease') order by 1`,
    );
    const counts: [string, number][] = [];
    for (const { name } of tables) {
      const [row] = await asOwner<{ count: number }>(opened.database, `select count(*)::int as count from ${name}`);
      counts.push([name, row?.count ?? -1]);
    }
    return Object.fromEntries(counts);
  }
});
