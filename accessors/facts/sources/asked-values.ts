import type { FactSourceQuestion } from '../fact-source.contract.js';

/** What of a question a source may be handed, by the names that settings use. */
export const ASKED_BY = ['tenantId', 'tenant', 'subjectKey', 'instance', 'externalId'] as const;
export type AskedBy = (typeof ASKED_BY)[number];

/** `undefined`: the question does not say it. */
export function askedValue(question: FactSourceQuestion, name: AskedBy): string | undefined {
  switch (name) {
    case 'tenantId':
      return question.tenantId;
    case 'tenant':
      return question.tenantSlug ?? undefined;
    case 'subjectKey':
      return question.subjectKey ?? undefined;
    case 'instance':
      return question.identity?.instance;
    case 'externalId':
      return question.identity?.externalId;
  }
}
