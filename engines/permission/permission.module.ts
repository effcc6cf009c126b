import { Module } from '@nestjs/common';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import { PERMISSION_ENGINE } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { CONDITION_EVALUATOR } from './condition-evaluator.contract.js';

/** Until there is a condition language no condition compiles, and what fails to compile grants nothing. */
const NO_CONDITIONS: ConditionEvaluator = {
  language: 'none',
  compile: () => ({ ok: false, faults: [{ at: null, message: 'there is no condition language' }] }),
};

@Module({
  providers: [
    { provide: CONDITION_EVALUATOR, useValue: NO_CONDITIONS },
    {
      provide: PERMISSION_ENGINE,
      inject: [CONDITION_EVALUATOR],
      useFactory: (conditionEvaluator: ConditionEvaluator) => new DefaultPermissionEngine({ conditionEvaluator }),
    },
  ],
  exports: [PERMISSION_ENGINE, CONDITION_EVALUATOR],
})
export class PermissionModule {}
