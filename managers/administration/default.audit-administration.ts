import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { ChainFault } from '#accessors/audit/audit-evidence.contract.js';
import type { AuditTrail } from '#accessors/audit/audit-trail.contract.js';
import type { KeyringAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type {
  AuditAdministration,
  AuditPage,
  AuditQuery,
  AuditRecordView,
  AuditVerdict,
  EraseOrder,
  SealReport,
  UpkeepReport,
  VerifyOrder,
} from './audit-administration.contract.js';
import { AuditCheckpointChain } from './audit-checkpoint-chain.js';
import { AuditCheckpoints, type CheckpointDeps } from './audit-checkpoints.js';
import { AuditRetention } from './audit-retention.js';
import { faultsOfErasures, staleness } from './audit-verdict.js';

/** Longer than two looks of the timer; a process that died is followed by another after it. */
const LEASE_SECONDS = 12;
const DAYS_AHEAD = 7;
const DAY_MS = 86_400_000;
/** A checkpoint is put outside seconds after it was made, unless that fails, or somebody in the database says that it was done. */
const OUTSIDE_WITHIN_MS = 600_000;
const NOTHING_DROPPED = Object.freeze({ dropped: [], refused: [] });

interface Dependencies extends CheckpointDeps {
  readonly auditTrail: AuditTrail;
  readonly changeTrail: ChangeTrail;
  readonly keyringAccess: Pick<KeyringAccess, 'keyring'>;
  readonly unitOfWork: UnitOfWork;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** `null`: records are kept for good. */
  readonly retentionDays: number | null;
}

export class DefaultAuditAdministration implements AuditAdministration {
  private readonly checkpoints: AuditCheckpoints;
  private readonly retention: AuditRetention;
  private readonly holder: string;
  /** What was refused on which day: looking at it once a day is enough. */
  private refused: { readonly day: string; readonly faults: readonly ChainFault[] } | undefined;

  constructor(private readonly deps: Dependencies) {
    this.checkpoints = new AuditCheckpoints(deps);
    this.retention = new AuditRetention(deps);
    this.holder = deps.ids.random();
  }

  async seal(context: CallContext): Promise<SealReport> {
    const { auditEvidence } = this.deps;
    const isDue = await auditEvidence.hasUnsealed(context);
    const held = isDue && (await auditEvidence.takeLease(context, this.holder, LEASE_SECONDS));
    const made = held ? await this.checkpoints.overUnsealed(context) : 0;
    return { held, made, anchored: await auditEvidence.anchor(context) };
  }

  async upkeep(context: CallContext): Promise<UpkeepReport> {
    const { auditTrail } = this.deps;
    await auditTrail.recoverSpool(context);
    const partitions = await auditTrail.preparePartitions(context, DAYS_AHEAD);
    const { dropped, refused } = await this.dropOld(context, partitions.today);
    return { partitions, dropped, refused, strayBytes: await auditTrail.strayBytes(context) };
  }

  async verify(context: CallContext, order: VerifyOrder): Promise<AuditVerdict> {
    const first = await this.compare(context, order, new Set());
    const rewritten = first.chainFaults.flatMap(({ kind, chain }) => (kind === 'rewritten' && chain !== null ? [chain] : []));
    // Where such a chain left the others' story takes every checkpoint to tell, which is too much to keep for all chains.
    return rewritten.length === 0 ? first : this.compare(context, order, new Set(rewritten));
  }

  records(context: CallContext, query: AuditQuery, page: AuditPage): Promise<readonly AuditRecordView[]> {
    return this.deps.auditTrail.records(context, query, page);
  }

  async erase(context: CallContext, { subject, reason }: EraseOrder): Promise<number> {
    const { auditTrail, changeTrail, unitOfWork } = this.deps;
    return unitOfWork.run(async () => {
      const erased = await auditTrail.erase(context, subject);
      const detail = `${String(erased)} records: ${reason}`;
      await changeTrail.recordWithin(context, { outcome: 'changed', what: 'audit.erased', detail });
      return erased;
    });
  }

  private async compare(context: CallContext, order: VerifyOrder, suspects: ReadonlySet<string>): Promise<AuditVerdict> {
    const { auditEvidence, keyringAccess } = this.deps;
    const { keys } = await keyringAccess.keyring(context);
    // Before checkpoints are read: what is recorded meanwhile may be in later ones.
    const from = this.deps.clock.now();
    const chain = new AuditCheckpointChain(this.deps, { context, keys, suspects });
    await chain.readOutside(await auditEvidence.anchored(context, order.anchors));
    await chain.readStored((checkpoints) => order.progress?.({ checkpoints, records: 0 }));
    const report = await auditEvidence.inspect(context, chain.expectations(), (records) =>
      order.progress?.({ checkpoints: chain.checkpoints, records }),
    );
    const stale = staleness(report, { checkpointAt: chain.newest?.at ?? null, from });
    const chainFaults = [...report.faults, ...faultsOfErasures(report.erased)];
    return {
      whole: chain.faults.length === 0 && chainFaults.length === 0 && stale === null,
      records: report.records,
      chains: report.chains,
      checkpoints: chain.checkpoints,
      outside: chain.outside,
      newest: chain.newest,
      stale,
      erased: report.erased,
      checkpointFaults: chain.faults,
      chainFaults,
      warnings: warningsOf(chain),
    };
  }

  /**
   * What is gone is signed before it goes, and looked at before it is signed; a crash in between leaves records that the checkpoint
   * does not need any more. What does not verify stays, and everything of its time with it.
   */
  private async dropOld(context: CallContext, today: string): Promise<Pick<UpkeepReport, 'dropped' | 'refused'>> {
    const { auditTrail, changeTrail, retentionDays } = this.deps;
    if (retentionDays === null) return NOTHING_DROPPED;
    const day = new Date(Date.parse(today) - retentionDays * DAY_MS).toISOString().slice(0, 10);
    if (this.refused?.day === day) return { dropped: [], refused: this.refused.faults };
    if (!(await this.carryOver(context, day))) return { dropped: [], refused: this.refused?.faults ?? [] };
    const dropped = await auditTrail.dropBefore(context, day);
    if (dropped.length > 0) {
      const detail = `${dropped.join(', ')}: older than ${String(retentionDays)} days`;
      await changeTrail.recordWithin(context, { outcome: 'changed', what: 'audit.retention', detail });
    }
    return { dropped, refused: [] };
  }

  /** `false`: nothing may go, since something is wrong with it, or because another process is at it. */
  private async carryOver(context: CallContext, day: string): Promise<boolean> {
    const { keyringAccess } = this.deps;
    if (!(await this.holdsLease(context))) return false;
    await this.checkpoints.overUnsealed(context);
    const { keys } = await keyringAccess.keyring(context);
    const { ends, faults } = await this.retention.inspect(context, { keys, day });
    this.refused = faults.length === 0 ? undefined : { day, faults };
    if (faults.length > 0) return false;
    // It may have taken longer than the lease.
    return ends.length === 0 || ((await this.holdsLease(context)) && (await this.checkpoints.carry(context, ends)));
  }

  private holdsLease(context: CallContext): Promise<boolean> {
    return this.deps.auditEvidence.takeLease(context, this.holder, LEASE_SECONDS);
  }
}

function warningsOf(chain: AuditCheckpointChain): readonly string[] {
  const none = 'no checkpoint was found outside of the database: whoever can write to it could have cut the trail at any place';
  const { outside, newest } = chain;
  const isBehind = outside !== null && newest !== null && newest.at - outside.at > OUTSIDE_WITHIN_MS;
  return [
    ...(outside === null ? [none] : []),
    ...(isBehind
      ? [`no checkpoint after ${String(outside.number)} was found outside of the database: later ones vouch for nothing`]
      : []),
    ...[...chain.distrusted].map((kid) => `checkpoints are signed by ${kid}, which is revoked or tainted`),
  ];
}
