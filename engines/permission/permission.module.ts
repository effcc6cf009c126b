import { Module } from '@nestjs/common';
import { CelConditionEvaluator } from './cel/cel.condition-evaluator.js';
import { CONDITION_EVALUATOR, type ConditionEvaluator } from './condition-evaluator.contract.js';
import { PERMISSION_ENGINE } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import { GATEWAY_ROUTES } from './gateway-routes.contract.js';
import { DefaultGatewayRoutes } from './routes/default.gateway-routes.js';

@Module({
  providers: [
    { provide: CONDITION_EVALUATOR, useFactory: () => new CelConditionEvaluator() },
    {
      provide: PERMISSION_ENGINE,
      inject: [CONDITION_EVALUATOR],
      useFactory: (conditionEvaluator: ConditionEvaluator) => new DefaultPermissionEngine({ conditionEvaluator }),
    },
    { provide: GATEWAY_ROUTES, useFactory: () => new DefaultGatewayRoutes() },
  ],
  exports: [PERMISSION_ENGINE, CONDITION_EVALUATOR, GATEWAY_ROUTES],
})
export class PermissionModule {}
