import type { AttributeDeclaration } from '#accessors/policy/contract.js';
import type { ConditionScope } from '#engines/permission/condition-evaluator.contract.js';

/** Conditions in the language of the evaluator. Each says what its name and its comment say, over `KIT_SCOPE`, and nothing else. */
export interface ConditionSamples {
  /** `subject.department` is `sales`. */
  readonly isSales: string;
  /** `resource.amount` is below `params.limit`. */
  readonly isSmall: string;
  /** `subject.active`, or else `resource.open`. */
  readonly activeOrOpen: string;
  /** `staff` is among `subject.groups`, found by walking over them. */
  readonly isStaff: string;
  /** `now` is before 2026-05-13T12:00:00Z. */
  readonly beforeNoon: string;
  /** It is between 7 and 18 o'clock in Zurich. */
  readonly officeHours: string;
  /** Texts that are no conditions: broken, of another type, with names that are not declared. At least five. */
  readonly refused: readonly string[];
}

const declare = (root: AttributeDeclaration['root'], name: string, type: string): AttributeDeclaration => ({
  root,
  name,
  type,
  source: 'db',
  resourceType: root === 'resource' ? 'invoice' : null,
});

export const KIT_SCOPE: ConditionScope = {
  resourceType: 'invoice',
  params: { limit: 100 },
  declarations: [
    declare('subject', 'department', 'string'),
    declare('subject', 'active', 'bool'),
    declare('subject', 'groups', 'list<string>'),
    declare('resource', 'amount', 'int'),
    declare('resource', 'open', 'bool'),
  ],
};

export const CEL_SAMPLES: ConditionSamples = {
  isSales: 'subject.department == "sales"',
  isSmall: 'resource.amount < params.limit',
  activeOrOpen: 'subject.active || resource.open',
  isStaff: 'subject.groups.exists(group, group == "staff")',
  beforeNoon: 'now < timestamp("2026-05-13T12:00:00Z")',
  officeHours: 'now.getHours("Europe/Zurich") >= 7 && now.getHours("Europe/Zurich") < 18',
  refused: [
    '',
    'subject.department ==',
    'subject.department',
    'subject.salary > 1',
    'params.other < 1',
    'resource.amount < "x"',
    'secret == 1',
  ],
};
