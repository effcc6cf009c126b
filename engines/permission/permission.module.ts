import { Module } from '@nestjs/common';
import { CelConditionEvaluator } from './cel/cel.condition-evaluator.js';
import { CONDITION_EVALUATOR, type ConditionEvaluator } from './condition-evaluator.contract.js';
import { PERMISSION_ENGINE, type PermissionEngine } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { DefaultPolicyLanguage } from './language/default.policy-language.js';
import { POLICY_LANGUAGE } from './policy-language.contract.js';

@Module({
  providers: [
    { provide: CONDITION_EVALUATOR, useFactory: () => new CelConditionEvaluator() },
    {
      provide: PERMISSION_ENGINE,
      inject: [CONDITION_EVALUATOR],
      useFactory: (conditionEvaluator: ConditionEvaluator) => new DefaultPermissionEngine({ conditionEvaluator }),
    },
    {
      provide: POLICY_LANGUAGE,
      inject: [PERMISSION_ENGINE, CONDITION_EVALUATOR],
      useFactory: (permissionEngine: PermissionEngine, conditionEvaluator: ConditionEvaluator) =>
        new DefaultPolicyLanguage({ permissionEngine, conditionEvaluator }),
    },
  ],
  exports: [PERMISSION_ENGINE, CONDITION_EVALUATOR, POLICY_LANGUAGE],
})
export class PermissionModule {}
