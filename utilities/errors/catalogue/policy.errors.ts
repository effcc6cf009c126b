import type { CatalogueEntry } from '../catalogue-entry.js';

/** The life of a policy: checked, planned, applied, undone. */
export const POLICY_ERRORS = {
  POLICY_INVALID: {
    summary: 'The policy or a test of it is not fit to be used; nothing was changed.',
    cause: 'The file cannot be read, or a name, a pattern, a condition or a reference in it is wrong.',
    remedy: ['Correct every fault that is listed.', 'Check the file without changing anything: countersign policy lint FILE.'],
  },
  POLICY_UNKNOWN: {
    summary: 'There is no such policy, or no such version of it.',
    cause: 'The tenant has no policy set of this name, the number is not one of its versions, or nothing was ever in force.',
    remedy: ['List what there is: countersign policy history.'],
  },
  POLICY_CHANGED: {
    summary: 'The policy or the data has changed since it was looked at; nothing was done.',
    cause:
      'Another version was put into force, the plan was approved by somebody else, or changes of live data since the plan would make its outcome another one.',
    remedy: ['Plan again: countersign policy plan.', 'Look at the new plan, and apply that one.'],
  },
  PLAN_UNKNOWN: {
    summary: 'There is no such plan.',
    cause: 'No plan was made under this id in this installation.',
    remedy: ['Make a plan, and use the id that it is answered with: countersign policy plan.'],
  },
  PLAN_REFUSED: {
    summary: 'The plan may not be carried out.',
    cause:
      'A guard rail or a test says no, it grants something that the operator does not hold, or a second operator has to agree first.',
    remedy: [
      'Read why in the answer and in the plan: countersign policy show --plan ID.',
      'Change the policy or the guard rails and plan again, or ask another operator to approve or to apply it.',
    ],
  },
  SUBJECT_UNKNOWN: {
    summary: 'Nobody is registered under this key.',
    cause: 'The tenant has no subject with exactly this key; case counts.',
    remedy: ['Look the subject up in the live data of the tenant.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
