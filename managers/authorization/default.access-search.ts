import type { KeyAccess } from '#accessors/key/contract.js';
import type { Candidate, SubjectSearch } from '#accessors/facts/subject-search.contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthzenSettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { AccessEvaluation } from './access-evaluation.js';
import { type AccessName, AccessNaming, actionNaming, permissionNamed } from './access-naming.js';
import type {
  AccessOutcome,
  AccessQuestion,
  AccessSearch,
  ActionQuery,
  Found,
  PageOf,
  ResourceQuery,
  SubjectQuery,
} from './access-search.contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { checkValues } from './check-limits.js';
import { type Asked, CheckSequence, type EffectiveRequest } from './check.sequence.js';
import type { CallingClient } from './contract.js';
import { type SearchPage, type Searched, SearchPages } from './search-pages.js';

export interface AccessSearchParts extends AuthorizationParts {
  readonly subjectSearch: SubjectSearch;
  readonly keyAccess: Pick<KeyAccess, 'keyedDigest'>;
  readonly settings: AuthzenSettings;
}

/** What one page may cost: decisions on what the subject's facts name, and subjects whose facts have to be read. */
const MOST_DECIDED = 2_000;
const MOST_SUBJECTS = 400;
/** Subjects whose facts are read at one time: one search leaves connections for others. */
const AT_ONCE = 4;

/** A question under way: everything that is known before anything is decided. */
interface Search {
  readonly name: AccessName;
  readonly asked: Asked;
  readonly request: EffectiveRequest;
}

export class DefaultAccessSearch implements AccessSearch {
  readonly settings: AuthzenSettings;
  private readonly naming: AccessNaming;
  private readonly checks: CheckSequence;
  private readonly evaluation: AccessEvaluation;
  private readonly pages: SearchPages;

  constructor(private readonly deps: AccessSearchParts) {
    this.settings = deps.settings;
    this.naming = new AccessNaming(deps);
    this.checks = new CheckSequence(deps);
    this.evaluation = new AccessEvaluation(this.naming, this.checks);
    this.pages = new SearchPages(deps);
  }

  async evaluate(
    context: CallContext,
    client: CallingClient,
    asked: Parameters<AccessSearch['evaluate']>[2],
  ): Promise<readonly AccessOutcome[]> {
    return this.evaluation.run(context, provenOf(client), asked);
  }

  async actions(context: CallContext, client: CallingClient, { query, page }: PageOf<ActionQuery>): Promise<Found> {
    const searched = this.searched('action', client, query);
    const at = this.pages.open(context, searched, page);
    const search = await this.begin(context, provenOf(client), { ...query, action: null });
    const { name, asked } = search;
    const permissions = asked.application.permissions
      .map((each) => each.name)
      .filter((each) => actionNaming(each, name) !== null);
    const resource = { ...query.resource, type: name.type };
    const found = this.decided(search, { names: permissions, at, item: (permission) => ({ permission, resource }) });
    return this.found(
      context,
      { searched, at },
      { ...found, items: found.items.map((each) => actionNaming(each, name) ?? each) },
    );
  }

  async resources(context: CallContext, client: CallingClient, { query, page }: PageOf<ResourceQuery>): Promise<Found> {
    const searched = this.searched('resource', client, query);
    const at = this.pages.open(context, searched, page);
    const search = await this.begin(context, provenOf(client), query);
    const { type } = search.name;
    const permission = permissionNamed(query.action, search.name);
    const { facts, policy } = search.asked.reading;
    const named = [...facts.grants, ...policy.bindings].flatMap(({ resource }) =>
      resource?.type === type ? (resource.ids ?? []) : [],
    );
    const item = (id: string) => ({ permission, resource: { ...query.resource, type, id } });
    return this.found(context, { searched, at }, this.decided(search, { names: named, at, item }));
  }

  async subjects(context: CallContext, client: CallingClient, { query, page }: PageOf<SubjectQuery>): Promise<Found> {
    const registration = provenOf(client);
    const searched = this.searched('subject', client, query);
    const at = this.pages.open(context, searched, page);
    const name = await this.naming.find(context, registration, query);
    const permission = permissionNamed(query.action, name);
    const resource = { ...query.resource, type: name.type };
    const candidates = await this.candidates(context, { query, name, permission, after: at.after });
    const request = { ...query, audience: name.application.audience, unit: null };
    const isHolder = async ({ key, kind }: Candidate): Promise<boolean> => {
      const of = { ...request, subject: { by: 'key', tenant: query.tenant, key, kind } as const };
      return this.checks.allows(await this.checks.asked(context, registration, of), of, { permission, resource });
    };
    return this.found(context, { searched, at }, await firstOf(candidates, { limit: at.limit, kind: query.kind }, isHolder));
  }

  private async begin(
    context: CallContext,
    client: RegisteredClient,
    query: Omit<AccessQuestion, 'action'> & { readonly action: string | null },
  ): Promise<Search> {
    const name = await this.naming.find(context, client, query);
    const { subject, tenant, atLeastAsFresh } = query;
    const { audience } = name.application;
    const request = { subject, audience, tenant, unit: null, context: query.context, atLeastAsFresh };
    return { name, request, asked: await this.checks.asked(context, client, request) };
  }

  /** Those of the names, in their order and each once, after which the last page did not come, that are allowed. */
  private decided(
    { asked, request }: Search,
    {
      names,
      at,
      item,
    }: {
      readonly names: readonly string[];
      readonly at: SearchPage;
      readonly item: (name: string) => Parameters<CheckSequence['allows']>[2];
    },
  ): { readonly items: readonly string[]; readonly last: string | null } {
    const { after, limit } = at;
    const left = [...new Set(names)].filter((each) => after === null || each > after).sort();
    const items: string[] = [];
    for (const [count, each] of left.entries()) {
      if (this.checks.allows(asked, request, item(each))) items.push(each);
      const isFull = items.length === limit || count + 1 === MOST_DECIDED;
      if (isFull && count + 1 < left.length) return { items, last: each };
    }
    return { items, last: null };
  }

  /** One more than are looked at, which tells whether there are more. */
  private async candidates(
    context: CallContext,
    {
      query,
      name,
      permission,
      after,
    }: { readonly query: SubjectQuery; readonly name: AccessName; readonly permission: string; readonly after: string | null },
  ): Promise<readonly Candidate[]> {
    const tenantId = await this.deps.factAccess.tenantNamed(context, query.tenant);
    if (tenantId === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'tenant' });
    this.checks.wantedEpoch(context, tenantId, query.atLeastAsFresh);
    if (query.kind === 'none') return [];
    const policy = await this.deps.policyAccess.activePolicy(context, tenantId);
    const holders = this.deps.permissionEngine.possibleHolders(policy, name.application, permission);
    if (holders === null) return [];
    const resource = { type: name.type, id: query.resource.id };
    return this.deps.subjectSearch.candidates(context, { ...holders, tenantId, resource, after, limit: MOST_SUBJECTS + 1 });
  }

  private searched(kind: Searched['kind'], client: CallingClient, query: ActionQuery | ResourceQuery | SubjectQuery): Searched {
    checkValues('context', query.context);
    checkValues('resource', query.resource.attributes);
    this.deps.counters.increment('searches', kind);
    return { kind, clientId: provenOf(client).clientId, query };
  }

  private found(
    context: CallContext,
    { searched, at: { limit } }: { readonly searched: Searched; readonly at: SearchPage },
    { items, last }: { readonly items: readonly string[]; readonly last: string | null },
  ): Found {
    return { items, next: last === null ? null : this.pages.write(context, searched, { limit, after: last }) };
  }
}

/** Keys of the first holders; several at a time are decided on, and what is beyond the page is forgotten. */
async function firstOf(
  candidates: readonly Candidate[],
  { limit, kind }: { readonly limit: number; readonly kind: SubjectQuery['kind'] },
  isHolder: (candidate: Candidate) => Promise<boolean>,
): Promise<{ readonly items: readonly string[]; readonly last: string | null }> {
  const items: string[] = [];
  const beyond = candidates.length > MOST_SUBJECTS ? (candidates[MOST_SUBJECTS - 1]?.id ?? null) : null;
  const looked = candidates.slice(0, MOST_SUBJECTS).filter((each) => each.kind === kind);
  for (let from = 0; from < looked.length; from += AT_ONCE) {
    const some = looked.slice(from, from + AT_ONCE);
    const holds = await Promise.all(some.map(isHolder));
    for (const [at, { id, key }] of some.entries()) {
      if (holds[at] === true) items.push(key);
      if (items.length === limit) return { items, last: from + at + 1 < looked.length ? id : beyond };
    }
  }
  return { items, last: beyond };
}

function provenOf(client: CallingClient): RegisteredClient {
  if (client.proven) return client.registration;
  throw new CodedError('CLIENT_UNAUTHENTICATED');
}
