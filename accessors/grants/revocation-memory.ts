import type { RevocableToken, RevocationTarget, StandingRevocation } from './revocation.contract.js';

/** Everything that is revoked, by what it is looked up with: at most four look-ups for a token, and nothing allocated. */
export class RevocationMemory {
  private readonly tokens = new Map<string, StandingRevocation>();
  private readonly clients = new Map<string, StandingRevocation>();
  private readonly tenants = new Map<string, StandingRevocation>();
  /** By tenant, then by subject. */
  private readonly subjects = new Map<string, Map<string, StandingRevocation>>();
  private subjectCount = 0;

  get tokenCount(): number {
    return this.tokens.size;
  }

  get cutSubjects(): number {
    return this.subjectCount;
  }

  add({ target, before, until }: StandingRevocation): void {
    const standing = { target, before, until };
    switch (target.by) {
      case 'token':
        this.tokens.set(target.tokenId, standing);
        return;
      case 'subject':
        this.addSubject(target, standing);
        return;
      case 'client':
        this.clients.set(target.clientId, standing);
        return;
      case 'tenant':
        this.tenants.set(target.tenant, standing);
    }
  }

  find({ tokenId, tenant, subject, clientId, issuedAt, origin }: RevocableToken): RevocationTarget | undefined {
    if (tokenId !== null) {
      const token = this.tokens.get(tokenId);
      if (token !== undefined) return token.target;
    }
    const from = origin === undefined ? issuedAt : Math.min(issuedAt, origin.issuedAt);
    return (
      cutOff(this.subjects.get(tenant)?.get(subject), from) ??
      cutOff(this.clients.get(clientId), from) ??
      cutOff(this.tenants.get(tenant), from)
    );
  }

  /** Forgets what ended before then, in Unix seconds. */
  forgetEnded(ended: number): void {
    for (const named of [this.tokens, this.clients, this.tenants]) forgetIn(named, ended);
    for (const [tenant, named] of this.subjects) {
      this.subjectCount -= forgetIn(named, ended);
      if (named.size === 0) this.subjects.delete(tenant);
    }
  }

  all(): readonly StandingRevocation[] {
    return [
      ...this.tenants.values(),
      ...this.clients.values(),
      ...[...this.subjects.values()].flatMap((named) => [...named.values()]),
      ...this.tokens.values(),
    ];
  }

  private addSubject(target: Extract<RevocationTarget, { by: 'subject' }>, standing: StandingRevocation): void {
    const named = this.subjects.get(target.tenant) ?? new Map<string, StandingRevocation>();
    if (!named.has(target.subject)) this.subjectCount += 1;
    named.set(target.subject, standing);
    this.subjects.set(target.tenant, named);
  }
}

/** SECURITY: whatever is not certainly issued from then on is cut off, also with a time that is no number. */
function cutOff(cut: StandingRevocation | undefined, issuedAt: number): RevocationTarget | undefined {
  return cut === undefined || issuedAt >= cut.before ? undefined : cut.target;
}

function forgetIn(named: Map<string, StandingRevocation>, ended: number): number {
  let forgotten = 0;
  for (const [name, { until }] of named) {
    if (until >= ended) continue;
    named.delete(name);
    forgotten += 1;
  }
  return forgotten;
}
