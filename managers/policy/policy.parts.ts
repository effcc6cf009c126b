import type { ChangeTrail, DecisionTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { IssuerRegistry } from '#accessors/issuer/contract.js';
import type { PolicyAccess, PolicyLife } from '#accessors/policy/contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import type { SigningEngine } from '#engines/signing/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Settings } from '#utilities/config/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import type { PolicyManager, PolicyQuestions } from './contract.js';
import { DefaultPolicyManager } from './default.policy.manager.js';
import { DefaultPolicyQuestions } from './default.policy.questions.js';
import { OperatorReach } from './operator-reach.js';
import { PlanMaker } from './plan-maker.js';
import { PolicyFiles } from './policy-files.js';
import { PolicyVersions } from './policy-versions.js';

/** What the life of a policy is made from. */
export interface PolicyManagerParts {
  readonly policyLife: PolicyLife;
  readonly policyAccess: Pick<PolicyAccess, 'activePolicy'>;
  readonly factAccess: Pick<FactAccess, 'factsOf' | 'factsOfMany' | 'externalFacts' | 'tenantNamed' | 'announceChanges'>;
  readonly registrationAccess: Pick<RegistrationAccess, 'applications'>;
  readonly issuerRegistry: Pick<IssuerRegistry, 'issuers'>;
  readonly signingEngine: Pick<SigningEngine, 'subjectOf'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly decisionTrail: Pick<DecisionTrail, 'decisions'>;
  readonly permissionEngine: PermissionEngine;
  readonly policyLanguage: PolicyLanguage;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly settings: Settings['policy'];
  /** Names of the configured fact sources; left out: any is taken. */
  readonly factSourceNames?: readonly string[];
}

export function policyManager(parts: PolicyManagerParts): PolicyManager {
  return new DefaultPolicyManager({
    ...parts,
    files: new PolicyFiles(parts),
    versions: new PolicyVersions(parts),
    planMaker: new PlanMaker(parts),
    operatorReach: new OperatorReach(parts),
  });
}

export function policyQuestions(parts: PolicyManagerParts): PolicyQuestions {
  return new DefaultPolicyQuestions({ ...parts, versions: new PolicyVersions(parts) });
}
