import { type ClientUnaryCall, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  AuthServiceClient,
  ExchangeTokenRequest,
  type ExchangeTokenResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { basic, JWT_TYPE } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

interface Answer {
  readonly code: string;
  readonly response: ExchangeTokenResponse | undefined;
}

/** Far less than the 10 s after which the database ends a statement by itself. */
const SOON_MS = 4_000;

describeOnPostgres('A caller that no longer waits', (open) => {
  let service: TestService;
  let stub: AuthServiceClient;
  let metadata: Metadata;
  let url = '';
  let locker: pg.Client | undefined;

  beforeAll(async () => {
    const { settings } = await open();
    if (settings.kind !== 'postgres') throw new Error('expected PostgreSQL');
    url = settings.url;
    service = await startService({ database: settings });
    stub = new AuthServiceClient(service.host.grpcAddress, credentials.createInsecure());
    metadata = new Metadata();
    metadata.set('authorization', basic(PORTAL_CLIENT_ID, service.secret));
    // What is the same for every subject is read once and kept.
    expect(await exchange(20_000, 'bob').answer).toMatchObject({ code: 'OK' });
  }, 60_000);
  afterEach(() => unlock());
  afterAll(async () => {
    stub.close();
    await service.stop();
  });

  /** Nothing reads the table until `unlock`. */
  const lock = async (table: string): Promise<void> => {
    locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await locker.query(`begin; lock table ${table} in access exclusive mode`);
  };
  const unlock = async (): Promise<void> => {
    await locker?.end();
    locker = undefined;
  };
  const asked = async (sql: string): Promise<number> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ count: string }>(sql);
    await client.end();
    return Number(rows[0]?.count);
  };
  const hanging = (): Promise<number> =>
    asked(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
  const issued = (): Promise<number> => asked(`select count(*) from audit_record where outcome = 'issued'`);

  const exchange = (deadlineMs = 20_000, persona: 'alice' | 'bob' = 'alice') => {
    const subjectToken = service.identityProvider.issue({ persona });
    const request = ExchangeTokenRequest.fromPartial({ subjectToken, subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] });
    let sent: ClientUnaryCall | undefined;
    const answer = new Promise<Answer>((resolve) => {
      const answered = (error: ServiceError | null, response?: ExchangeTokenResponse): void => {
        resolve({ code: error === null ? 'OK' : status[error.code], response });
      };
      sent = stub.exchangeToken(request, metadata, { deadline: Date.now() + deadlineMs }, answered);
    });
    return { answer, cancel: () => sent?.cancel() };
  };
  const gone = async (): Promise<void> => {
    const since = performance.now();
    await until('no statement hangs', async () => (await hanging()) === 0);
    expect(performance.now() - since).toBeLessThan(SOON_MS);
  };

  it('is told at its deadline, and its statement is gone from the database', async () => {
    await lock('subject');
    const { answer } = exchange(700);
    await until('its statement hangs', async () => (await hanging()) > 0);
    expect((await answer).code).toBe('DEADLINE_EXCEEDED');
    await gone();
  });

  it('takes its statement along when it cancels', async () => {
    await lock('subject');
    const { answer, cancel } = exchange();
    await until('its statement hangs', async () => (await hanging()) > 0);
    cancel();
    expect((await answer).code).toBe('CANCELLED');
    await gone();
  });

  it('takes nothing from another who waits for the same', async () => {
    await lock('subject');
    const [one, other] = [exchange(), exchange()];
    await until('their statement hangs', async () => (await hanging()) > 0);
    one.cancel();
    expect((await one.answer).code).toBe('CANCELLED');
    expect(await hanging()).toBeGreaterThan(0);
    await unlock();
    expect((await other.answer).code).toBe('OK');
  });

  it('gets no token without its record, and leaves the record of what was decided', async () => {
    const before = await issued();
    await lock('audit_record');
    const { answer } = exchange(700);
    await until('the record waits', async () => (await hanging()) > 0);
    expect(await answer).toMatchObject({ code: 'DEADLINE_EXCEEDED', response: undefined });
    await unlock();
    await until('the record is there', async () => (await issued()) === before + 1);
  });

  it('leaves every connection as good as it was', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange().answer));
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'OK'));
  });
});
