import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, exchangeForm, post } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { heldBytes } from './memory.js';
import { RawConnection } from './raw-connection.js';
import { BODIES, ODD, type RawRequest, SMUGGLED } from './rest.attacks.js';

/** The long form waits until slow senders are cut off, and sends more of them. */
const isLong = process.env['ATTACKS_LONG'] === '1';
const SLOW = isLong ? 1_000 : 100;
/** Few, so that one that is never given back is missed. */
const CONCURRENT = 8;
const BOUND_BYTES = 32 * 1024 * 1024;

describe('Attacks on the REST port by bytes', () => {
  let service: TestService;
  let target: string;
  let before: number;
  const connections: RawConnection[] = [];
  beforeAll(async () => {
    service = await startService({
      database: { kind: 'embedded', directory: null },
      settings: { limits: { concurrentRequests: CONCURRENT, perClientPerSecond: null, perIssuerPerSecond: null } },
    });
    target = new URL(service.host.httpUrl).host;
    await expectGoodAndBad();
    before = await heldBytes();
  }, 60_000);
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await service.stop();
  });

  const exchange = async (authorization = basic(PORTAL_CLIENT_ID, service.secret)): Promise<number> => {
    const form = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
    return (await post(service.host, form, { authorization })).status;
  };
  async function expectGoodAndBad(): Promise<void> {
    expect([await exchange(), await exchange('Basic eDp5')]).toEqual([200, 401]);
  }

  /** Statuses of all answers until the connection is ended, or nothing is to come. */
  const answersTo = async ({ bytes }: RawRequest): Promise<readonly string[]> => {
    const raw = await RawConnection.open(target);
    await raw.send(Buffer.from(bytes, 'latin1'));
    raw.finish();
    await raw.ended;
    raw.close();
    return [...raw.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
  };

  describe.each([
    ['CVE-2025-66490, CVE-2025-54576, CVE-2026-41059: requests that hide in others', SMUGGLED],
    ['requests that nobody sends', ODD],
    ['bodies that cost', BODIES],
  ])('%s', (_name, requests) => {
    it.each(requests)('$name', async (request) => {
      const answered = await answersTo(request);
      expect(answered.length).toBeLessThanOrEqual(1);
      expect(request.answers).toContain(answered[0]?.slice(0, 1) ?? '');
    });

    it('leave the service alive, and asking for credentials', () => expectGoodAndBad());
  });

  it('goes on with others while many send slowly', async () => {
    const begun = [
      'POST /oauth2/token HTTP/1.1\r\nhost: x\r\n',
      'P',
      'POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\na',
    ];
    const slow = await Promise.all(Array.from({ length: SLOW }, () => RawConnection.open(target)));
    connections.push(...slow);
    // Those that have begun a body are counted as under way, so that they are fewer than may be.
    await Promise.all(slow.map((raw, at) => raw.send(begun[at < CONCURRENT / 2 ? 2 : at % 2] ?? '')));
    await expectGoodAndBad();
    if (!isLong) return;
    await Promise.all(slow.map(({ ended }) => ended));
    await expectGoodAndBad();
  }, 30_000);

  it('takes on as many requests as before: none of them counts as under way for ever', async () => {
    for (const connection of connections.splice(0)) connection.close();
    const statuses = await Promise.all(Array.from({ length: CONCURRENT }, () => exchange()));
    expect(statuses).toEqual(Array.from({ length: CONCURRENT }, () => 200));
  });

  it('holds little more than before', async () => {
    expect((await heldBytes()) - before).toBeLessThan(BOUND_BYTES);
  });
});
