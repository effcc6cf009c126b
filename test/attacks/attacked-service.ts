import { afterAll, beforeAll, expect } from '@jest/globals';
import { basic, call, exchangeForm, type GrpcAnswer, JWT_TYPE, post } from '../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { heldBytes, settledBytes } from './memory.js';
import type { RawConnection } from './raw-connection.js';

/** The long form sends some ten times as much, measures after each, and waits until slow senders are cut off. */
export const IS_LONG = process.env['ATTACKS_LONG'] === '1';
/** Requests that are worked on at a time: few, so that one that is never given back is missed. */
export const CONCURRENT = 8;
/** What all attacks together may leave behind while their connections are still open. */
const BOUND_BYTES = 32 * 1024 * 1024;

/** One service, for all attacks of a spec. */
export class AttackedService {
  private opened: TestService | undefined;
  private readonly connections: RawConnection[] = [];
  private held = 0;
  private resident = 0;

  constructor() {
    beforeAll(async () => {
      this.opened = await startService({
        database: { kind: 'embedded', directory: null },
        settings: { limits: { concurrentRequests: CONCURRENT, perClientPerSecond: null, perIssuerPerSecond: null } },
      });
      await this.expectGoodAndBad();
      this.held = await settledBytes();
      this.resident = process.memoryUsage.rss();
    }, 60_000);
    afterAll(async () => {
      this.closeConnections();
      await this.service.stop();
    });
  }

  get service(): TestService {
    if (this.opened === undefined) throw new Error('the service is not up');
    return this.opened;
  }

  /** `host:port` of each port. */
  get rest(): string {
    return new URL(this.service.host.httpUrl).host;
  }

  get grpc(): string {
    return this.service.host.grpcAddress;
  }

  get authorization(): string {
    return basic(PORTAL_CLIENT_ID, this.service.secret);
  }

  /** Leaves them open until the end, or until all are closed. */
  keep(connections: readonly RawConnection[]): void {
    this.connections.push(...connections);
  }

  closeConnections(): void {
    for (const connection of this.connections.splice(0)) connection.close();
  }

  exchangeOverGrpc(authorization = this.authorization): Promise<GrpcAnswer> {
    const subjectToken = this.service.identityProvider.issue({ persona: 'alice' });
    return call(this.service.host, authorization, { subjectToken, subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] });
  }

  /** The status. */
  async exchangeOverRest(authorization = this.authorization): Promise<number> {
    const form = exchangeForm(this.service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
    return (await post(this.service.host, form, { authorization })).status;
  }

  /** On both ports a good call is answered, and one without good credentials refused. */
  async expectGoodAndBad(): Promise<void> {
    expect((await this.exchangeOverGrpc()).response?.accessToken).toEqual(expect.any(String));
    expect((await this.exchangeOverGrpc('Basic eDp5')).failure?.code).toBe('UNAUTHENTICATED');
    expect([await this.exchangeOverRest(), await this.exchangeOverRest('Basic eDp5')]).toEqual([200, 401]);
  }

  /** As many at a time as there may be, so that nothing that is over counts as under way. */
  async expectFullRoom(): Promise<void> {
    const good = await Promise.all(Array.from({ length: CONCURRENT }, () => this.exchangeOverGrpc()));
    expect(good.map(({ failure }) => failure)).toEqual(good.map(() => undefined));
    const statuses = await Promise.all(Array.from({ length: CONCURRENT }, () => this.exchangeOverRest()));
    expect(statuses).toEqual(statuses.map(() => 200));
  }

  /** It holds little more than before the first attack. The long form prints how much. */
  async expectBounded(after?: string): Promise<void> {
    let more = (await heldBytes()) - this.held;
    if (more >= BOUND_BYTES) more = (await settledBytes()) - this.held;
    if (after !== undefined) {
      const resident = process.memoryUsage.rss() - this.resident;
      process.stdout.write(`${after}: held ${mebibytes(more)}, resident ${mebibytes(resident)}\n`);
    }
    expect(more).toBeLessThan(BOUND_BYTES);
  }
}

function mebibytes(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
