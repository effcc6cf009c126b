import type { CallContext } from '#utilities/call-context/contract.js';
import type { Database } from '#utilities/database/contract.js';
import { isStorable } from './stores/storable.js';
import type { Candidate, HolderQuestion, SubjectSearch } from './subject-search.contract.js';

const CANDIDATES = 'select id, key, kind from subject_candidates($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';

export class DefaultSubjectSearch implements SubjectSearch {
  constructor(private readonly deps: { readonly database: Database }) {}

  async candidates(_context: CallContext, question: HolderQuestion): Promise<readonly Candidate[]> {
    const { tenantId, everybody, roles, subjects, groups, patterns, resource, after, limit } = question;
    // Nothing can be stored of a resource whose name cannot be, so no grant is found by it.
    const { type, id } = isStorable(resource.type) && isStorable(resource.id) ? resource : { type: '', id: '' };
    const named = [roles, subjects, groups, patterns].map((texts) => texts.filter(isStorable));
    return this.deps.database.prepared<Candidate>('subject_candidates', CANDIDATES, [
      ...[tenantId, everybody, ...named],
      ...[type, id, after, limit],
    ]);
  }
}
