import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { AUDIT_ACCESS, type AuditAccess } from '#accessors/audit/contract.js';
import { KEY_ACCESS, type KeyAccess } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { KEYRING_MANAGER } from './contract.js';
import { DefaultKeyringManager } from './default.keyring.manager.js';

@Module({
  imports: [KeyModule, AuditModule],
  providers: [
    {
      provide: KEYRING_MANAGER,
      useFactory: (keyAccess: KeyAccess, auditAccess: AuditAccess) => new DefaultKeyringManager({ keyAccess, auditAccess }),
      inject: [KEY_ACCESS, AUDIT_ACCESS],
    },
  ],
  exports: [KEYRING_MANAGER],
})
export class KeyringModule {}
