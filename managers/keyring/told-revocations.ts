import type { RevocationTarget, StandingRevocation } from '#accessors/grants/revocation.contract.js';
import type { CutoffDocument } from '#engines/signing/contract.js';

type Told = CutoffDocument['revoked'];

/** Tokens, and then subjects, that are told one by one; beyond it something wider is told in their place. */
const MOST_TOKENS = 1_000;
const MOST_SUBJECTS = 4_000;
/** No token of ours lives longer; whoever verifies may take it for an hour after that, and never for longer. */
const LONGEST_SECONDS = 86_400 + 3_600;

export interface ToldBounds {
  readonly tokens: number;
  readonly subjects: number;
}

/**
 * What verifiers that do not ask have to know of revocations. The document is bounded: where too many single tokens are revoked it
 * names their subjects, and where too many subjects are, their tenants. SECURITY: it may then end more than was revoked, never less.
 *
 * @param now Unix seconds
 */
export function toldRevocations(
  standing: readonly StandingRevocation[],
  now: number,
  bounds: ToldBounds = { tokens: MOST_TOKENS, subjects: MOST_SUBJECTS },
): Told {
  const cutOffs = new CutOffs();
  const tokens: StandingRevocation[] = [];
  for (const one of standing) {
    if (one.target.by === 'token') {
      if (one.until + 3_600 >= now) tokens.push(one);
    } else if (one.before + LONGEST_SECONDS >= now) {
      cutOffs.add(one.target, one.before);
    }
  }
  const single = tokens.length <= bounds.tokens ? tokens : tokens.filter((one) => !cutOffs.takeSubjectOf(one));
  if (cutOffs.subjects.size > bounds.subjects) cutOffs.widenSubjects();
  return {
    tokens: single.flatMap(({ target }) => (target.by === 'token' ? [target.tokenId] : [])),
    subjects: [...cutOffs.subjects.values()],
    clients: [...cutOffs.clients].map(([clientId, before]) => ({ clientId, before })),
    tenants: [...cutOffs.tenants].map(([tenant, before]) => ({ tenant, before })),
  };
}

class CutOffs {
  readonly subjects = new Map<string, Told['subjects'][number]>();
  readonly clients = new Map<string, number>();
  readonly tenants = new Map<string, number>();

  add(target: Exclude<RevocationTarget, { by: 'token' }>, before: number): void {
    if (target.by === 'client') later(this.clients, target.clientId, before);
    else if (target.by === 'tenant') later(this.tenants, target.tenant, before);
    else this.addSubject(target.tenant, target.subject, before);
  }

  /** Whether the subject is known, and so cut off in the place of its token. */
  takeSubjectOf({ target, before }: StandingRevocation): boolean {
    if (target.by !== 'token' || target.of === null) return false;
    this.addSubject(target.of.tenant, target.of.subject, before);
    return true;
  }

  widenSubjects(): void {
    for (const { tenant, before } of this.subjects.values()) later(this.tenants, tenant, before);
    this.subjects.clear();
  }

  private addSubject(tenant: string, subject: string, before: number): void {
    const name = JSON.stringify([tenant, subject]);
    const known = this.subjects.get(name)?.before ?? 0;
    this.subjects.set(name, { tenant, subject, before: Math.max(known, before) });
  }
}

function later(cut: Map<string, number>, name: string, before: number): void {
  cut.set(name, Math.max(cut.get(name) ?? 0, before));
}
