import { Module } from '@nestjs/common';
import { CelConditionEvaluator } from './cel/cel.condition-evaluator.js';
import { CONDITION_EVALUATOR, type ConditionEvaluator } from './condition-evaluator.contract.js';
import { PERMISSION_ENGINE } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';

@Module({
  providers: [
    { provide: CONDITION_EVALUATOR, useFactory: () => new CelConditionEvaluator() },
    {
      provide: PERMISSION_ENGINE,
      inject: [CONDITION_EVALUATOR],
      useFactory: (conditionEvaluator: ConditionEvaluator) => new DefaultPermissionEngine({ conditionEvaluator }),
    },
  ],
  exports: [PERMISSION_ENGINE, CONDITION_EVALUATOR],
})
export class PermissionModule {}
