import { describe, expect, it } from '@jest/globals';
import { type AttackedService, CONCURRENT, IS_LONG } from './attacked-service.js';
import { until } from '../support/until.js';
import { RawConnection } from './raw-connection.js';
import { BODIES, ODD, type RawRequest, SMUGGLED } from './rest.attacks.js';

const SLOW = IS_LONG ? 1_000 : 100;
const REQUESTS = {
  'CVE-2025-66490, CVE-2025-54576, CVE-2026-41059: requests that hide in others': SMUGGLED,
  'requests that nobody sends': ODD,
  'bodies that cost': BODIES,
};
const BODY_BEGUN =
  'POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\na';
const HEAD_BEGUN = ['POST /oauth2/token HTTP/1.1\r\nhost: x\r\n', 'P'];

/** By bytes. */
export function attackRest(attacked: AttackedService): void {
  describe('on its REST port', () => {
    /** Statuses of all answers until the connection is ended, or nothing is to come. */
    const answersTo = async ({ bytes }: RawRequest): Promise<readonly string[]> => {
      const raw = await RawConnection.open(attacked.rest);
      await raw.send(Buffer.from(bytes, 'latin1'));
      raw.finish();
      await raw.ended;
      raw.close();
      return [...raw.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
    };

    describe.each(Object.entries(REQUESTS))('%s', (_name, requests) => {
      it.each(requests)('$name', async (request) => {
        const answered = await answersTo(request);
        expect(answered.length).toBeLessThanOrEqual(1);
        expect(request.answers).toContain(answered[0]?.slice(0, 1) ?? '');
      });

      it('leave it alive, and asking for credentials', () => attacked.expectGoodAndBad());
    });

    it('goes on with others while many send slowly', async () => {
      const slow = await Promise.all(Array.from({ length: SLOW }, () => RawConnection.open(attacked.rest)));
      attacked.keep(slow);
      // Those that have begun a body are counted as under way, so that they are fewer than may be.
      await Promise.all(slow.map((raw, at) => raw.send(at < CONCURRENT / 2 ? BODY_BEGUN : (HEAD_BEGUN[at % 2] ?? ''))));
      await attacked.expectGoodAndBad();
      if (!IS_LONG) return;
      await Promise.all(slow.map(({ ended }) => ended));
      await attacked.expectGoodAndBad();
    }, 30_000);

    it('holds little more than before, though those are still open', () => attacked.expectBounded());

    it('takes on as many requests as before, when they have gone', async () => {
      attacked.closeConnections();
      const all = (): Promise<number[]> => Promise.all(Array.from({ length: CONCURRENT }, () => attacked.exchangeOverRest()));
      await until('there is room for all', async () => (await all()).every((status) => status === 200));
      await attacked.expectGoodAndBad();
    });
  });
}
