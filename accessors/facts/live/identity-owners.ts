import type { Database } from '#utilities/database/contract.js';
import { inChunks } from '../stores/in-chunks.js';
import { identityKey } from '../stores/subject.state.js';
import type { Planned, RecordOf, Scope } from './live.kind.js';

type PlannedSubject = Planned<RecordOf<'subject'>>;

interface OwnerRow {
  readonly instance: string;
  readonly external_id: string;
  readonly subject_id: string;
}

const OWNERS = `
  select instance, external_id, subject_id from subject_identity
  where tenant_id = $1 and instance = $2 and external_id = any($3)`;

/** Sees to it that an identity belongs to one subject. It may move from one to another that changes with it. */
export class IdentityOwners {
  constructor(private readonly deps: { readonly database: Database }) {}

  async verify(scope: Scope, planned: readonly PlannedSubject[]): Promise<void> {
    const wanted = this.claims(scope, planned);
    const owners = await this.owners(scope, wanted.values());
    const changing = new Set(planned.map(({ id }) => id));
    const foreign: { readonly claim: Claim; readonly owner: string }[] = [];
    for (const [identity, claim] of wanted) {
      const owner = owners.get(identity);
      // One that changes too has given it up: otherwise both would claim it, which is a fault already.
      if (owner !== undefined && owner !== claim.subject.id && !changing.has(owner)) foreign.push({ claim, owner });
    }
    await scope.principals.learnIds(
      'subject',
      foreign.map(({ owner }) => owner),
    );
    for (const { claim, owner } of foreign) {
      scope.faults.add(claim.subject.number, `${nameOf(claim)} belongs to subject ${scope.principals.keyOf('subject', owner)}`);
    }
  }

  private claims(scope: Scope, planned: readonly PlannedSubject[]): Map<string, Claim> {
    const claims = new Map<string, Claim>();
    for (const subject of planned) {
      for (const { instance, externalId } of subject.record.identities) {
        const claim = { subject, instance, externalId };
        const identity = identityKey(claim);
        const other = claims.get(identity);
        if (other !== undefined)
          scope.faults.add(subject.number, `${nameOf(claim)} is listed for ${other.subject.record.key} too`);
        claims.set(identity, claim);
      }
    }
    return claims;
  }

  private async owners(scope: Scope, claims: Iterable<Claim>): Promise<Map<string, string>> {
    const byInstance = new Map<string, string[]>();
    for (const { instance, externalId } of claims) {
      const list = byInstance.get(instance);
      if (list === undefined) byInstance.set(instance, [externalId]);
      else list.push(externalId);
    }
    const owners = new Map<string, string>();
    for (const [instance, ids] of byInstance) {
      const rows = await inChunks(ids, (part) => this.deps.database.query<OwnerRow>(OWNERS, [scope.tenantId, instance, part]));
      for (const row of rows) owners.set(identityKey({ instance, externalId: row.external_id }), row.subject_id);
    }
    return owners;
  }
}

interface Claim {
  readonly subject: PlannedSubject;
  readonly instance: string;
  readonly externalId: string;
}

function nameOf({ instance, externalId }: Claim): string {
  return `identity ${externalId} of ${instance}`;
}
