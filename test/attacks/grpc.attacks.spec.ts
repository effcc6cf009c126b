import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, call, type GrpcAnswer, JWT_TYPE } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { answerTo, COMPRESSED, MALFORMED } from './grpc-messages.js';
import { GRPC_ATTACKS } from './grpc.attacks.js';
import { heldBytes } from './memory.js';
import type { RawConnection } from './raw-connection.js';

/** The long form sends some ten times as much, and measures after each. */
const isLong = process.env['ATTACKS_LONG'] === '1';
/** What all of them together may leave behind while their connections are still open. */
const BOUND_BYTES = 32 * 1024 * 1024;

/** Few, so that one that is never given back is missed. */
const CONCURRENT = 8;

describe('Attacks on the gRPC port by frames', () => {
  let service: TestService;
  let before: number;
  const connections: RawConnection[] = [];
  beforeAll(async () => {
    service = await startService({
      database: { kind: 'embedded', directory: null },
      settings: { limits: { concurrentRequests: CONCURRENT, perClientPerSecond: null, perIssuerPerSecond: null } },
    });
    await expectGoodAndBad();
    before = await heldBytes();
  }, 60_000);
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await service.stop();
  });

  const exchange = (authorization: string | undefined = basic(PORTAL_CLIENT_ID, service.secret)): Promise<GrpcAnswer> =>
    call(service.host, authorization, {
      subjectToken: service.identityProvider.issue({ persona: 'alice' }),
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
    });

  /** A good call is answered, and one without good credentials refused. */
  async function expectGoodAndBad(): Promise<void> {
    expect((await exchange()).response?.accessToken).toEqual(expect.any(String));
    expect((await exchange('Basic eDp5')).failure?.code).toBe('UNAUTHENTICATED');
  }

  describe.each(GRPC_ATTACKS)('$name', ({ counts: [short, long], isEnded, run }) => {
    it('leaves the service alive, and asking for credentials', async () => {
      const opened = await run(service.host.grpcAddress, isLong ? long : short);
      connections.push(...opened);
      if (isEnded) await Promise.all(opened.map(({ ended }) => ended));
      await expectGoodAndBad();
      if (isLong) expect((await heldBytes()) - before).toBeLessThan(BOUND_BYTES);
    }, 120_000);
  });

  const tables = {
    'CVE-2026-48068: malformed calls': MALFORMED,
    'CVE-2026-48069, CVE-2024-37168: compressed messages': COMPRESSED,
  };
  describe.each(Object.entries(tables))('%s', (_name, messages) => {
    it.each(messages)('$name', async (sent) => {
      const { grpcAddress } = service.host;
      expect(sent.answers).toContain(await answerTo(grpcAddress, basic(PORTAL_CLIENT_ID, service.secret), sent));
      // Nobody learns more about it without credentials, and of a deadline that means nothing no more than that.
      const withoutCredentials = await answerTo(grpcAddress, undefined, sent);
      expect(['UNAUTHENTICATED', 'INTERNAL', 'HTTP 415']).toContain(withoutCredentials);
    });

    it('leave the service alive, and asking for credentials', () => expectGoodAndBad());
  });

  it('takes on as many calls as before: none of them counts as under way for ever', async () => {
    const good = await Promise.all(Array.from({ length: CONCURRENT }, () => exchange()));
    expect(good.map(({ failure }) => failure)).toEqual(Array.from({ length: CONCURRENT }, () => undefined));
  });

  it('holds little more than before, though all connections are still open', async () => {
    expect((await heldBytes()) - before).toBeLessThan(BOUND_BYTES);
  });
});
