/**
 * Remembers for a while which key ids a fresh key set did not have, so that a repeated one costs no fetch. It holds ids alone
 * and apart from the keys: filling it up can push out other strangers' ids, never a key.
 */
export class UnknownKids {
  private readonly expiry = new Map<string, number>();

  constructor(
    private readonly capacity: number,
    private readonly lifeMs: number,
  ) {}

  has(kid: string, now: number): boolean {
    const until = this.expiry.get(kid);
    return until !== undefined && now < until;
  }

  add(kid: string, now: number): void {
    this.expiry.delete(kid);
    if (this.expiry.size >= this.capacity) this.dropOldest();
    this.expiry.set(kid, now + this.lifeMs);
  }

  private dropOldest(): void {
    for (const oldest of this.expiry.keys()) {
      this.expiry.delete(oldest);
      return;
    }
  }
}
