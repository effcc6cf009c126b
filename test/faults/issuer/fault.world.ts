import { createHash } from 'node:crypto';
import type { Host } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { EntraDevIssuer, type IssueRequest } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { basic, exchangeForm, post } from '../../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../../support/service.js';
import { until } from '../../support/until.js';
import { SkippingClock } from './skipping.clock.js';

const MINUTE_MS = 60_000;
/** As long as nobody asks an issuer again that has just failed, and a little. */
const AFTER_A_FAILURE_MS = 40_000;
const REFRESH_IS_DUE_MS = 120 * MINUTE_MS;

/** The service with two identity providers, one of which is going to fail, and somebody who forges tokens of it. */
export class FaultWorld {
  private constructor(
    private readonly service: TestService,
    private readonly clock: SkippingClock,
    private readonly other: EntraDevIssuer,
    private readonly forger: EntraDevIssuer,
    private readonly authorization: string,
  ) {}

  static async start(database: DatabaseSettings): Promise<FaultWorld> {
    const clock = new SkippingClock();
    const service = await startService({ database, clock });
    const other = new EntraDevIssuer({ clock: new SystemClock() });
    const forger = new EntraDevIssuer({ clock: new SystemClock() });
    await Promise.all([other.start(), forger.start()]);
    await service.apply(documentOfTwo(service, other));
    return new FaultWorld(service, clock, other, forger, basic(PORTAL_CLIENT_ID, service.secret));
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await Promise.all([this.other.stop(), this.forger.stop()]);
  }

  get failing(): EntraDevIssuer {
    return this.service.identityProvider;
  }

  /** A token of the provider that fails, signed with its key of this moment. */
  token(request: Partial<IssueRequest> = {}): string {
    return this.failing.issue({ persona: 'alice', ...request });
  }

  otherToken(): string {
    return this.other.issue({ persona: 'alice' });
  }

  /** All that a token of the failing provider has, but for its key; under the id of a key that it has, or of the forger's. */
  forgedToken(kid = this.forger.signingKid): string {
    const iss = `${this.failing.cloud.loginBase}/${DEV_DIRECTORY_ID}/v2.0`;
    return this.forger.issue({ persona: 'alice', overrides: { iss }, header: { kid } });
  }

  async exchange(token: string, host: Host = this.service.host): Promise<string> {
    const { status, body } = await post(host, exchangeForm(token), { authorization: this.authorization });
    return status === 200 ? '200' : String(body['code']);
  }

  /** Requests for metadata and keys at the provider that fails. */
  fetches(): number {
    return this.failing.hits('openid-configuration') + this.failing.hits('discovery');
  }

  makeRefreshDue(): void {
    this.clock.skip(REFRESH_IS_DUE_MS);
  }

  /** As long as it takes until unknown key ids may cause two fetches again; no refresh becomes due. */
  letBucketFill(): void {
    this.clock.skip(11 * MINUTE_MS);
  }

  letAttemptsPass(): void {
    this.clock.skip(AFTER_A_FAILURE_MS);
  }

  /** Makes a refresh due, has it begun by a caller and waits until the provider has been asked. */
  async provokeRefresh(token: string): Promise<void> {
    const before = this.fetches();
    this.makeRefreshDue();
    await this.exchange(token);
    await until('the provider is asked', () => this.fetches() > before);
  }

  /** Everything well again, with a fresh key set in memory; answers how long a key that nobody had seen took. */
  async recover(): Promise<number> {
    await this.failing.turn({ outage: null, garbage: null, slow: { delayMs: 0, drip: false } });
    const began = performance.now();
    await this.failing.rotateKeys({ publishFirst: false });
    const token = this.token();
    const outcomes: string[] = [];
    await until('a new key is taken', async () => {
      this.letAttemptsPass();
      outcomes.push(await this.exchange(token));
      return outcomes.at(-1) === '200';
    }).catch((cause: unknown) => {
      throw new Error(`a new key is never taken: ${outcomes.slice(0, 20).join(' ')}`, { cause });
    });
    return Math.round(performance.now() - began);
  }

  secondProcess(): Promise<Host> {
    return this.service.another();
  }
}

/** Both providers, one person known by both, and the same client in front of them. */
function documentOfTwo({ identityProvider, secret }: TestService, other: EntraDevIssuer): Readonly<Record<string, unknown>> {
  const digest = createHash('sha256').update(secret).digest('hex');
  const { apiVersion, applications, issuers, policies } = sampleDocument(identityProvider.cloud, digest);
  const second = {
    name: 'other',
    provider: 'entra-id',
    cloud: { ...other.cloud, name: 'other' },
    directories: [{ id: DEV_DIRECTORY_ID, tenant: 'acme' }],
    audiences: [DEV_API_CLIENT_ID],
  };
  const own = ['devkit', 'other'].map((issuer) => ({ issuer, id: DEV_SPA_CLIENT_ID }));
  const identities = [{ issuer: 'other', directory: DEV_DIRECTORY_ID, id: personaNamed('alice').objectId }];
  return {
    apiVersion,
    applications,
    issuers: [...(Array.isArray(issuers) ? (issuers as readonly unknown[]) : []), second],
    policies,
    clients: [
      {
        clientId: PORTAL_CLIENT_ID,
        secretSha256: [digest],
        presents: { own },
        targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
      },
    ],
    subjects: [{ tenant: 'acme', key: 'alice-elsewhere', kind: 'user', identities }],
    assignments: [{ tenant: 'acme', principal: 'subject:alice-elsewhere', role: 'clerk' }],
  };
}
