import { Module } from '@nestjs/common';
import { CONDITION_EVALUATOR, type ConditionEvaluator } from '../condition-evaluator.contract.js';
import { PERMISSION_ENGINE, type PermissionEngine } from '../contract.js';
import { PermissionModule } from '../permission.module.js';
import { POLICY_LANGUAGE } from '../policy-language.contract.js';
import { DefaultPolicyLanguage } from './default.policy-language.js';

@Module({
  imports: [PermissionModule],
  providers: [
    {
      provide: POLICY_LANGUAGE,
      inject: [PERMISSION_ENGINE, CONDITION_EVALUATOR],
      useFactory: (permissionEngine: PermissionEngine, conditionEvaluator: ConditionEvaluator) =>
        new DefaultPolicyLanguage({ permissionEngine, conditionEvaluator }),
    },
  ],
  exports: [POLICY_LANGUAGE],
})
export class PolicyLanguageModule {}
