import { Module } from '@nestjs/common';
import { DELEGATION_ENGINE } from './contract.js';
import { DefaultDelegationEngine } from './default.delegation.engine.js';

@Module({
  providers: [{ provide: DELEGATION_ENGINE, useFactory: () => new DefaultDelegationEngine() }],
  exports: [DELEGATION_ENGINE],
})
export class DelegationModule {}
