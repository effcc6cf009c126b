import { describe, expect, it } from '@jest/globals';
import { type AttackedService, CONCURRENT, IS_LONG } from './attacked-service.js';
import { answerTo, COMPRESSED, MALFORMED } from './grpc-messages.js';
import { GRPC_ATTACKS } from './grpc.attacks.js';
import { begin, callOf, END_HEADERS } from './http2-frames.js';
import { RawConnection } from './raw-connection.js';

const EXCHANGE = '/countersign.auth.v1.AuthService/ExchangeToken';
const MESSAGES = {
  'CVE-2026-48068: malformed calls': MALFORMED,
  'CVE-2026-48069, CVE-2024-37168: compressed messages': COMPRESSED,
};

/** By frames and by messages. */
export function attackGrpc(attacked: AttackedService): void {
  describe('on its gRPC port', () => {
    describe.each(GRPC_ATTACKS)('$name', ({ name, counts: [short, long], isEnded, run }) => {
      it('lives, and asks for credentials', async () => {
        const opened = await run(attacked.grpc, IS_LONG ? long : short);
        attacked.keep(opened);
        if (isEnded) await Promise.all(opened.map(({ ended }) => ended));
        await attacked.expectGoodAndBad();
        if (IS_LONG) await attacked.expectBounded(`${name} (${long})`);
      }, 120_000);
    });

    describe.each(Object.entries(MESSAGES))('%s', (_name, messages) => {
      it.each(messages)('$name', async (sent) => {
        expect(sent.answers).toContain(await answerTo(attacked.grpc, attacked.authorization, sent));
        // Nobody learns more about it without credentials, and of a deadline that means nothing no more than that.
        const withoutCredentials = await answerTo(attacked.grpc, undefined, sent);
        expect(['UNAUTHENTICATED', 'INTERNAL', 'HTTP 415']).toContain(withoutCredentials);
      });

      it('leave it alive, and asking for credentials', () => attacked.expectGoodAndBad());
    });

    if (IS_LONG)
      it('has room again when a client with credentials has begun as many calls as there may be, and ends none', async () => {
        const raw = await RawConnection.http2(attacked.grpc);
        attacked.keep([raw]);
        const headers = callOf(EXCHANGE, [['authorization', attacked.authorization]]);
        for (let at = 0; at < CONCURRENT; at += 1) await raw.send(begin({ stream: 2 * at + 1, headers, flags: END_HEADERS }));
        let answered = await attacked.exchangeOverGrpc();
        expect(answered.failure?.code).toBe('UNAVAILABLE');
        while (answered.failure !== undefined) {
          await new Promise((resolve) => setTimeout(resolve, 250));
          answered = await attacked.exchangeOverGrpc();
        }
      }, 20_000);

    it('takes on as many calls as before', () => attacked.expectFullRoom());

    it('holds little more than before, though all connections are still open', () => attacked.expectBounded());
  });
}
