import { Module } from '@nestjs/common';
import { PERMISSION_ENGINE } from './contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';

@Module({
  providers: [{ provide: PERMISSION_ENGINE, useFactory: () => new DefaultPermissionEngine() }],
  exports: [PERMISSION_ENGINE],
})
export class PermissionModule {}
