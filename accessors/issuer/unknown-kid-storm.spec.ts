import { describe, expect, it } from '@jest/globals';
import type { IssuerRegistration } from './contract.js';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { ecJwk } from './fixtures/raw-issuer.fixture.js';
import { entraRegistration, oidcRegistration } from './fixtures/registrations.fixture.js';
import { ScriptedMetadataSource } from './fixtures/scripted.metadata.source.js';

const SECOND = 1_000;
const KIDS = 100_000;
const TID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const CLOUD = { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' };
const OIDC = 'https://kc.example';

interface Storm {
  readonly title: string;
  readonly registration: IssuerRegistration;
  readonly iss: string;
  readonly seconds: number;
  /** Burst, one for each refill, and the refreshes that are due anyway. */
  readonly mostFetches: number;
  readonly pickedUpWithinSeconds: number;
}

const STORMS: readonly Storm[] = [
  {
    title: 'OpenID Connect, 10 minutes',
    registration: oidcRegistration(OIDC),
    iss: OIDC,
    seconds: 600,
    mostFetches: 1 + 2 + 20 + 3,
    pickedUpWithinSeconds: 60,
  },
  {
    title: 'Entra, an hour',
    registration: entraRegistration(CLOUD, [TID], { algorithms: ['ES256'] }),
    iss: `${CLOUD.loginBase}/${TID}/v2.0`,
    seconds: 3_600,
    mostFetches: 1 + 2 + 12 + 2,
    pickedUpWithinSeconds: 330,
  },
];

describe('10^5 made-up key ids (coreos/go-oidc 482, CVE-2026-49998 neighbours)', () => {
  it.each(STORMS)('stay within the bucket, cost no good key and hold no rotation up: $title', async (storm) => {
    const source = new ScriptedMetadataSource();
    source.keys = [ecJwk('old')];
    const { access, clock, lookUp } = setUpAccess({ source });
    await access.registerIssuer(CONTEXT, storm.registration);
    expect(await lookUp(storm.iss, 'old')).toMatchObject({ status: 'found' });

    const perSecond = Math.ceil(KIDS / storm.seconds);
    const rotatedAt = Math.floor(storm.seconds / 2) + 7;
    const statusOf = async (kid: string): Promise<string | undefined> => (await lookUp(storm.iss, kid))?.status;
    const wrong = new Set<string>();
    const askFor = async (kid: string, expected: string): Promise<void> => {
      const status = await statusOf(kid);
      if (status !== expected) wrong.add(`${kid} is ${String(status)}`);
    };
    const seen: number[] = [];
    for (let second = 0; second < storm.seconds; second += 1) {
      if (second === rotatedAt) source.keys = [ecJwk('old'), ecJwk('new')];
      for (let count = 0; count < perSecond; count += 1) await askFor(`made-up-${String(second)}-${String(count)}`, 'unknown');
      await askFor('old', 'found');
      if ((await statusOf('new')) === 'found') seen.push(second - rotatedAt);
      clock.advance(SECOND);
    }
    expect([...wrong]).toEqual([]);
    expect(source.fetches).toBeLessThanOrEqual(storm.mostFetches);
    expect(seen[0]).toBeGreaterThanOrEqual(0);
    expect(seen[0]).toBeLessThanOrEqual(storm.pickedUpWithinSeconds);
  });
});
