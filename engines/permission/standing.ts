import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { DecisionCode, TokenClaims } from './contract.js';
import type { MappingIndex } from './mapping-index.js';

export interface BadStanding {
  readonly code: Extract<DecisionCode, 'tenant_suspended' | 'subject_disabled' | 'groups_unknown'>;
  readonly refusal: 'TENANT_SUSPENDED' | 'SUBJECT_DISABLED' | 'GROUPS_OVERAGE_UNRESOLVED';
  readonly because: string;
}

/** What keeps the subject from having anything at all, whatever is asked; `null`: nothing does. */
export function standingOf(facts: SubjectFacts): BadStanding | null {
  if (facts.tenantStatus !== 'active') {
    const because = `tenant ${facts.tenantId} is ${facts.tenantStatus}`;
    return { code: 'tenant_suspended', refusal: 'TENANT_SUSPENDED', because };
  }
  if (facts.subject !== null && facts.subject.status !== 'active') {
    const because = `subject ${facts.subject.id} is ${facts.subject.status}`;
    return { code: 'subject_disabled', refusal: 'SUBJECT_DISABLED', because };
  }
  return null;
}

/** Whether groups are unknown that something depends on. */
export function groupsStanding({ groups, issuer }: TokenClaims, mappings: MappingIndex): BadStanding | null {
  if (groups !== null || !mappings.usesGroupsOf(issuer)) return null;
  const because = `the policy maps groups of issuer ${issuer}, and the groups are unknown`;
  return { code: 'groups_unknown', refusal: 'GROUPS_OVERAGE_UNRESOLVED', because };
}
