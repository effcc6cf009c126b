import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type {
  ChangeLogEntry,
  ChangeQuery,
  LiveChange,
  LiveData,
  LiveKind,
  LiveQuery,
  LiveRecord,
  LiveRef,
  Paged,
} from '#accessors/facts/live-data.contract.js';
import type { SigningEngine } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type {
  BulkReport,
  LiveAdministration,
  LiveChangeReport,
  LivePatchOrder,
  LivePutOrder,
  LiveRemoveOrder,
  LiveRow,
  RowFile,
} from '../live-administration.contract.js';
import { readForm, writeForm } from './live-form.js';
import { refuseOperators, refuseOtherTenants, seesItselfAlone } from './operators-view.js';
import { rowsIn } from './row-files.js';

export interface LiveAdministrationDeps {
  readonly liveData: LiveData;
  readonly factAccess: Pick<FactAccess, 'announceChanges' | 'tenantNamed'>;
  readonly signingEngine: Pick<SigningEngine, 'consistencyToken'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly changeFeed: Pick<ChangeFeed, 'epochOf'>;
  readonly unitOfWork: UnitOfWork;
}

const ROWS_AT_ONCE = 5_000;
const MOST_CHANGES_TOLD = 1_000;
const MOST_FAULTS_TOLD = 100;

/** Undoes a unit of work that was only tried out, and carries out of it what it would have done. */
class TriedOut extends Error {
  constructor(readonly changes: readonly LiveChange[]) {
    super('tried out');
  }
}

/** Live data, row by row: each change in one transaction with its audit record, announced when it is committed. */
export class DefaultLiveAdministration implements LiveAdministration {
  constructor(private readonly deps: LiveAdministrationDeps) {}

  async put(context: CallContext, tenant: string, order: LivePutOrder): Promise<LiveChangeReport> {
    const records = readAll(order.records.map(({ kind, row }, index) => ({ kind, row, where: `records[${String(index)}]` })));
    return this.report(
      context,
      tenant,
      await this.carryOut(context, tenant, { ...order, work: () => this.write(context, tenant, records) }),
    );
  }

  async remove(context: CallContext, tenant: string, order: LiveRemoveOrder): Promise<LiveChangeReport> {
    const work = (): Promise<readonly LiveChange[]> => {
      refuseOtherTenants(context, tenant, order.refs);
      return this.deps.liveData.remove(context, tenant, order.refs);
    };
    return this.report(context, tenant, await this.carryOut(context, tenant, { ...order, work }));
  }

  async patch(context: CallContext, tenant: string, order: LivePatchOrder): Promise<LiveChangeReport> {
    const work = async (): Promise<readonly LiveChange[]> => {
      refuseOtherTenants(context, tenant, [order.ref]);
      const stored = await this.deps.liveData.get(context, tenant, order.ref);
      const row = { ...writeForm(stored), ...order.members };
      const [record] = readAll([{ kind: order.ref.kind, row, where: order.ref.name }]);
      if (record === undefined || nameOf(record) !== nameOf(stored)) {
        throw invalid([`${order.ref.name}: what names a row cannot be changed`]);
      }
      return this.write(context, tenant, [record]);
    };
    return this.report(context, tenant, await this.carryOut(context, tenant, { ...order, work }));
  }

  async importRows(context: CallContext, tenant: string, file: RowFile): Promise<BulkReport> {
    const reading = rowsIn(file.kind, file);
    if (!reading.ok) throw invalid([reading.fault]);
    const unit = file.format === 'csv' ? 'line' : 'item';
    const records = readAll(
      reading.rows.map(({ line, written }) => ({ kind: file.kind, row: written, where: `${unit} ${String(line)}` })),
    );
    const work = async (): Promise<readonly LiveChange[]> => {
      const changes: LiveChange[] = [];
      for (let done = 0; done < records.length; done += ROWS_AT_ONCE) {
        file.progress?.({ done, total: records.length });
        changes.push(...(await this.write(context, tenant, records.slice(done, done + ROWS_AT_ONCE))));
      }
      file.progress?.({ done: records.length, total: records.length });
      return changes;
    };
    const changes = await this.carryOut(context, tenant, { ...file, work });
    const counts = { created: 0, updated: 0, unchanged: 0 };
    for (const { outcome } of changes) if (outcome !== 'removed') counts[outcome] += 1;
    const told = changes.filter(({ outcome }) => outcome !== 'unchanged').slice(0, MOST_CHANGES_TOLD);
    return { counts, changes: told };
  }

  async get(context: CallContext, tenant: string, ref: LiveRef): Promise<LiveRow> {
    if (seesItselfAlone(context, tenant)) refuseOtherTenants(context, tenant, [ref]);
    return writeForm(await this.deps.liveData.get(context, tenant, ref));
  }

  async list(context: CallContext, tenant: string, query: LiveQuery): Promise<Paged<LiveRow>> {
    if (query.kind === 'tenant' && seesItselfAlone(context, tenant))
      return { items: [await this.get(context, tenant, { kind: 'tenant', name: tenant })], next: null };
    const { items, next } = await this.deps.liveData.list(context, tenant, query);
    return { items: items.map(writeForm), next };
  }

  changes(context: CallContext, tenant: string, query: ChangeQuery): Promise<Paged<ChangeLogEntry>> {
    return this.deps.liveData.changes(context, tenant, query);
  }

  private write(context: CallContext, tenant: string, records: readonly LiveRecord[]): Promise<readonly LiveChange[]> {
    refuseOtherTenants(
      context,
      tenant,
      records.map((record) => ({ kind: record.kind, name: nameOf(record) })),
    );
    return this.deps.liveData.put(context, tenant, records);
  }

  /** All in one transaction with its record, or, where it is only tried out, nothing at all. */
  private async carryOut(
    context: CallContext,
    tenant: string,
    { validateOnly, work }: { readonly validateOnly: boolean; readonly work: () => Promise<readonly LiveChange[]> },
  ): Promise<readonly LiveChange[]> {
    refuseOperators(context, tenant);
    try {
      const changes = await this.deps.unitOfWork.run(async () => {
        const done = await work();
        if (validateOnly) throw new TriedOut(done);
        const detail = detailOf(tenant, done);
        if (detail !== null) await this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what: 'live_data', detail });
        return done;
      });
      await this.deps.factAccess.announceChanges(context);
      return changes;
    } catch (error) {
      if (error instanceof TriedOut) return error.changes;
      throw error;
    }
  }

  private async report(context: CallContext, tenant: string, changes: readonly LiveChange[]): Promise<LiveChangeReport> {
    const tenantId = await this.deps.factAccess.tenantNamed(context, tenant);
    if (tenantId === undefined) return { changes, consistencyToken: null };
    const epoch = this.deps.changeFeed.epochOf(tenantId);
    return { changes, consistencyToken: this.deps.signingEngine.consistencyToken(context, { tenantId, epoch }) };
  }
}

interface RowToRead {
  readonly kind: LiveKind;
  readonly row: unknown;
  readonly where: string;
}

/** @throws CodedError `LIVE_DATA_INVALID` with every fault and where it is */
function readAll(rows: readonly RowToRead[]): readonly LiveRecord[] {
  const faults: string[] = [];
  const records: LiveRecord[] = [];
  for (const { kind, row, where } of rows) {
    const read = readForm(kind, row);
    if (read.ok) records.push(read.record);
    else faults.push(...read.faults.map((fault) => `${where}: ${fault}`));
  }
  if (faults.length > 0) throw invalid(faults);
  return records;
}

function invalid(faults: readonly string[]): CodedError {
  const more = faults.length - MOST_FAULTS_TOLD;
  const told = faults.slice(0, MOST_FAULTS_TOLD);
  return new CodedError('LIVE_DATA_INVALID', { actual: [...told, ...(more > 0 ? [`and ${String(more)} more`] : [])].join('\n') });
}

/** What a patch must leave as it is. */
function nameOf(record: LiveRecord): string {
  switch (record.kind) {
    case 'tenant':
      return record.slug;
    case 'membership':
      return `${record.subject}/${record.group}`;
    case 'group':
    case 'subject':
    case 'flag':
      return record.key;
    case 'assignment':
    case 'grant':
    case 'subscription':
      return record.id ?? '';
  }
}

/** How many of each kind; who, what and how it was before is in the change log of the same transaction. `null`: nothing changed. */
function detailOf(tenant: string, changes: readonly LiveChange[]): string | null {
  const counted = new Map<string, number>();
  for (const { ref, outcome } of changes) {
    if (outcome === 'unchanged') continue;
    const what = `${ref.kind} ${outcome}`;
    counted.set(what, (counted.get(what) ?? 0) + 1);
  }
  if (counted.size === 0) return null;
  return `tenant ${tenant}: ${[...counted].map(([what, times]) => `${what} ${String(times)}`).join('; ')}`;
}
