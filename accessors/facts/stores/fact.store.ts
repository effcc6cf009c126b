import type { Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { FactQuestion, SubjectFacts, UpstreamIdentity } from '../contract.js';
import { FactDecoder, type SubjectPart } from './fact.decoder.js';
import { NO_SUBJECTS, type SubjectDocument } from './fact.document.js';
import { isStorable } from './storable.js';
import { TenantParts, type TenantPart } from './tenant.part.js';

/** Fact sources may know the tenant by its slug. */
export interface StoredFacts extends SubjectFacts {
  readonly tenantSlug: string | null;
}

interface FactRow {
  readonly epoch: string;
  readonly tenant_part: string;
  readonly subject_part: SubjectDocument;
}

const BY_IDENTITY = 'select epoch, tenant_part, subject_part from subject_facts($1, $2, $3, $4)';
const BY_KEY = 'select epoch, tenant_part, subject_part from subject_facts_by_key($1, $2, $3)';
const PAGE = 'select epoch, tenant_part, subject_part from subject_facts_page($1, $2, $3)';

/** Nothing can be stored under an empty id or key, so this finds nobody. */
const NOBODY = '';

/** As PostgreSQL writes it; the topics of the change feed are written so. */
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** Under any other spelling changes would not be heard of, so nothing is answered that could change. */
const NO_TENANT: FactRow = {
  epoch: '0',
  tenant_part: '{"tenant":null,"subscriptions":null,"flags":null}',
  subject_part: NO_SUBJECTS,
};

/** Reads facts. */
export class FactStore {
  private readonly tenants = new TenantParts();

  constructor(private readonly deps: { readonly database: Database }) {}

  async read(question: FactQuestion): Promise<Dated<StoredFacts>> {
    const row = await this.rowOf(question);
    const epoch = Number(row.epoch);
    const groups = question.groups;
    const decoder = new FactDecoder(row.subject_part);
    const part = decoder.subjects(groups)[0] ?? decoder.nobody(groups);
    const tenant = this.tenants.read(question.tenantId, row.tenant_part);
    const asked = question.subject.by === 'identity' ? question.subject.identity : null;
    return { epoch, value: toFacts({ tenantId: question.tenantId, epoch, tenant }, part, asked) };
  }

  async page(tenantId: string, { after, limit }: { after: string | null; limit: number }): Promise<SubjectFacts[]> {
    const row = TENANT_ID.test(tenantId) ? await this.ask('facts_of_page', PAGE, [tenantId, after, limit]) : NO_TENANT;
    const state = { tenantId, epoch: Number(row.epoch), tenant: this.tenants.read(tenantId, row.tenant_part) };
    return new FactDecoder(row.subject_part).subjects([]).map((part) => toFacts(state, part, null));
  }

  /** The epoch is that of what belongs to no tenant; a tenant that is not there may be there a moment later. */
  async tenantNamed(slug: string): Promise<Dated<string>> {
    if (!isStorable(slug)) return { epoch: -1, value: undefined };
    const [row] = await this.deps.database.prepared<{ id: string; epoch: string }>(
      'tenant_named',
      `select t.id, coalesce((select epoch from data_epoch where tenant_id = '00000000-0000-0000-0000-000000000000'), 0) as epoch
       from tenants_by_slug($1) as t`,
      [[slug]],
    );
    return row === undefined ? { epoch: -1, value: undefined } : { epoch: Number(row.epoch), value: row.id };
  }

  private async rowOf({ tenantId, subject, groups }: FactQuestion): Promise<FactRow> {
    if (!TENANT_ID.test(tenantId)) return NO_TENANT;
    const asked = groups.filter(isStorable);
    if (subject.by === 'key') {
      return this.ask('facts_by_key', BY_KEY, [tenantId, isStorable(subject.key) ? subject.key : NOBODY, asked]);
    }
    const { instance, externalId } = subject.identity;
    const known = isStorable(instance) && isStorable(externalId);
    return this.ask('facts_by_identity', BY_IDENTITY, [tenantId, known ? instance : NOBODY, known ? externalId : NOBODY, asked]);
  }

  private async ask(name: string, sql: string, parameters: readonly unknown[]): Promise<FactRow> {
    const [row] = await this.deps.database.prepared<FactRow>(name, sql, parameters);
    if (row === undefined) throw new Error('the statement always answers a row');
    return row;
  }
}

interface TenantState {
  readonly tenantId: string;
  readonly epoch: number;
  readonly tenant: TenantPart;
}

function toFacts({ tenantId, epoch, tenant }: TenantState, part: SubjectPart, asked: UpstreamIdentity | null): StoredFacts {
  return {
    tenantId,
    epoch,
    ...tenant.common,
    ...part,
    flags: tenant.flagsOf(part.subject?.primaryIdentity ?? asked),
  };
}
