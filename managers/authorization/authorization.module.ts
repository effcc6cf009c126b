import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { AUDIT_ACCESS, type AuditAccess } from '#accessors/audit/contract.js';
import { DIRECTORY_ACCESS, type DirectoryAccess } from '#accessors/directory/contract.js';
import { DirectoryModule } from '#accessors/directory/directory.module.js';
import { FACT_ACCESS, type FactAccess } from '#accessors/facts/contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { POLICY_ACCESS, type PolicyAccess } from '#accessors/policy/contract.js';
import { PolicyAccessModule } from '#accessors/policy/policy.module.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { PERMISSION_ENGINE, type PermissionEngine } from '#engines/permission/contract.js';
import { PermissionModule } from '#engines/permission/permission.module.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { TOKEN_VALIDATION_ENGINE, type TokenValidationEngine } from '#engines/token-validation/contract.js';
import { TokenValidationModule } from '#engines/token-validation/token-validation.module.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { AUTHORIZATION_MANAGER } from './contract.js';
import { DefaultAuthorizationManager } from './default.authorization.manager.js';

@Module({
  imports: [
    RegistrationModule,
    TokenValidationModule,
    DirectoryModule,
    PolicyAccessModule,
    FactsModule,
    PermissionModule,
    SigningModule,
    AuditModule,
  ],
  providers: [
    {
      provide: AUTHORIZATION_MANAGER,
      useFactory: (
        registrationAccess: RegistrationAccess,
        tokenValidationEngine: TokenValidationEngine,
        directoryAccess: DirectoryAccess,
        policyAccess: PolicyAccess,
        factAccess: FactAccess,
        permissionEngine: PermissionEngine,
        signingEngine: SigningEngine,
        auditAccess: AuditAccess,
        counters: Counters,
      ) =>
        new DefaultAuthorizationManager({
          registrationAccess,
          tokenValidationEngine,
          directoryAccess,
          policyAccess,
          factAccess,
          permissionEngine,
          signingEngine,
          auditAccess,
          counters,
        }),
      inject: [
        REGISTRATION_ACCESS,
        TOKEN_VALIDATION_ENGINE,
        DIRECTORY_ACCESS,
        POLICY_ACCESS,
        FACT_ACCESS,
        PERMISSION_ENGINE,
        SIGNING_ENGINE,
        AUDIT_ACCESS,
        COUNTERS,
      ],
    },
  ],
  exports: [AUTHORIZATION_MANAGER],
})
export class AuthorizationModule {}
