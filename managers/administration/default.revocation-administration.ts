import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type {
  Revocation,
  RevocationAccess,
  RevocationTarget,
  StandingRevocation,
} from '#accessors/grants/revocation.contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { SigningEngine } from '#engines/signing/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OPERATORS_TENANT } from './administration-application.js';
import type {
  RevocationAdministration,
  RevocationListing,
  RevocationOrder,
  RevocationReport,
  RevocationView,
  RevocationWish,
  StoredRevocationView,
} from './revocation-administration.contract.js';

export interface RevocationAdministrationDeps {
  readonly revocationAccess: RevocationAccess;
  readonly registrationAccess: Pick<RegistrationAccess, 'clientNamed'>;
  readonly factAccess: Pick<FactAccess, 'tenantNamed' | 'factsOf'>;
  readonly signingEngine: Pick<SigningEngine, 'subjectOf'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
}

const DAY_SECONDS = 86_400;
/** No token of ours lives longer, whatever is set. */
const LONGEST_TOKEN_SECONDS = DAY_SECONDS;
/** Tokens of identity providers that were issued before a cut-off stay cut off for longer than any of them is taken. */
const CUT_OFF_SECONDS = 400 * DAY_SECONDS;
const MOST_AHEAD_SECONDS = 300;

interface Found {
  readonly targets: readonly RevocationTarget[];
  readonly warnings: readonly string[];
}

export class DefaultRevocationAdministration implements RevocationAdministration {
  constructor(private readonly deps: RevocationAdministrationDeps) {}

  async revoke(context: CallContext, order: RevocationOrder): Promise<RevocationReport> {
    const { wish, reason, validateOnly } = order;
    const before = this.beforeOf(order);
    const { targets, warnings } = await this.find(context, wish);
    const because = `${context.operator ?? 'command line'}: ${reason}`;
    const wanted = targets.map((target): Revocation => ({ target, before, until: this.untilOf(target, before), because }));
    if (validateOnly) return { validateOnly, revocations: wanted.map(viewOf), warnings };
    const kept = await this.deps.unitOfWork.run(() => this.keep(context, wanted));
    await this.deps.revocationAccess.announce(context);
    return { validateOnly, revocations: kept.map(viewOf), warnings };
  }

  async list(context: CallContext, listing: RevocationListing): ReturnType<RevocationAdministration['list']> {
    const stored = await this.deps.revocationAccess.list(context, listing);
    const items = stored.map((revocation): StoredRevocationView => ({
      ...viewOf(revocation),
      because: revocation.because,
      revokedAt: revocation.revokedAt,
      sequence: revocation.sequence,
    }));
    return { items, next: items.length === listing.limit ? (items.at(-1)?.sequence ?? null) : null };
  }

  async removeEnded(context: CallContext): Promise<number> {
    let removed = 0;
    for (;;) {
      const some = await this.deps.revocationAccess.removeEnded(context);
      removed += some;
      if (some === 0) return removed;
    }
  }

  private async keep(context: CallContext, wanted: readonly Revocation[]): Promise<readonly Revocation[]> {
    const kept: Revocation[] = [];
    for (const revocation of wanted) {
      const one = await this.deps.revocationAccess.revoke(context, revocation);
      kept.push(one);
      const { by, tenant, name, before, until } = viewOf(one);
      const whose = tenant === null || by === 'tenant' ? '' : ` in ${tenant}`;
      const detail = `${by} ${name}${whose}, issued before ${String(before)}, until ${String(until)}: ${one.because}`;
      await this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'revocation.made', detail });
    }
    return kept;
  }

  /** Everything up to this very second, unless another time is meant. @throws CodedError `REQUEST_PARAMETER_INVALID` */
  private beforeOf({ before, wish }: RevocationOrder): number {
    const now = Math.floor(this.deps.clock.now() / 1_000);
    if (before === null) return now + 1;
    if (wish.by === 'token') throw invalid('a single token is revoked whenever it was issued');
    if (Number.isSafeInteger(before) && before > 0 && before <= now + MOST_AHEAD_SECONDS) return before;
    throw invalid('Unix seconds, at most 5 minutes ahead');
  }

  private untilOf(target: RevocationTarget, before: number): number {
    const now = Math.floor(this.deps.clock.now() / 1_000);
    return target.by === 'token' ? now + LONGEST_TOKEN_SECONDS : before + CUT_OFF_SECONDS;
  }

  private async find(context: CallContext, wish: RevocationWish): Promise<Found> {
    switch (wish.by) {
      case 'token':
        return { targets: [{ ...wish, of: null }], warnings: [] };
      case 'client': {
        const client = await this.deps.registrationAccess.clientNamed(context, wish.clientId);
        return { targets: [wish], warnings: client === undefined ? [`there is no active client ${wish.clientId}`] : [] };
      }
      case 'tenant':
        await this.tenantId(context, wish.tenant);
        return { targets: [wish], warnings: [] };
      case 'subject':
        await this.tenantId(context, wish.tenant);
        return { targets: [wish], warnings: [] };
      case 'key':
        return { targets: await this.subjectsOf(context, wish.tenant, wish.key), warnings: [] };
    }
  }

  /** Whether the subject comes as a user or a workload is for its tokens to say; it is one and the same. */
  private async subjectsOf(context: CallContext, tenant: string, key: string): Promise<readonly RevocationTarget[]> {
    const tenantId = await this.tenantId(context, tenant);
    const facts = await this.deps.factAccess.factsOf(context, { tenantId, subject: { by: 'key', key }, groups: [] });
    if (facts.subject === null) throw new CodedError('LIVE_DATA_UNKNOWN', { field: 'key', actual: key });
    const { primaryIdentity } = facts.subject;
    return (['user', 'workload'] as const).map((kind) => {
      const subject = this.deps.signingEngine.subjectOf(context, kind, primaryIdentity);
      return { by: 'subject', tenant, subject };
    });
  }

  private async tenantId(context: CallContext, slug: string): Promise<string> {
    if (slug === OPERATORS_TENANT) return PLATFORM_TENANT;
    const tenantId = await this.deps.factAccess.tenantNamed(context, slug);
    if (tenantId === undefined) throw new CodedError('LIVE_DATA_UNKNOWN', { field: 'tenant', actual: slug });
    return tenantId;
  }
}

function viewOf({ target, before, until }: StandingRevocation): RevocationView {
  switch (target.by) {
    case 'token':
      return { by: target.by, tenant: target.of?.tenant ?? null, name: target.tokenId, before, until };
    case 'subject':
      return { by: target.by, tenant: target.tenant, name: target.subject, before, until };
    case 'client':
      return { by: target.by, tenant: null, name: target.clientId, before, until };
    case 'tenant':
      return { by: target.by, tenant: target.tenant, name: target.tenant, before, until };
  }
}

function invalid(expected: string): CodedError {
  return new CodedError('REQUEST_PARAMETER_INVALID', { field: 'before', expected });
}
