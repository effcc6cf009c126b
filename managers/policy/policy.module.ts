import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { CHANGE_TRAIL, DECISION_TRAIL, type ChangeTrail, type DecisionTrail } from '#accessors/audit/contract.js';
import { FACT_ACCESS, type FactAccess } from '#accessors/facts/contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { ISSUER_REGISTRY, type IssuerRegistry } from '#accessors/issuer/contract.js';
import { IssuerModule } from '#accessors/issuer/issuer.module.js';
import { POLICY_ACCESS, POLICY_LIFE, type PolicyAccess, type PolicyLife } from '#accessors/policy/contract.js';
import { PolicyAccessModule } from '#accessors/policy/policy.module.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { PERMISSION_ENGINE, type PermissionEngine } from '#engines/permission/contract.js';
import { PolicyLanguageModule } from '#engines/permission/language/policy-language.module.js';
import { PermissionModule } from '#engines/permission/permission.module.js';
import { POLICY_LANGUAGE, type PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { POLICY_MANAGER, POLICY_QUESTIONS } from './contract.js';
import { policyManager, policyQuestions, type PolicyManagerParts } from './policy.parts.js';

const PARTS: unique symbol = Symbol('PolicyManagerParts');

@Module({
  imports: [
    AuditModule,
    FactsModule,
    IssuerModule,
    PermissionModule,
    PolicyAccessModule,
    PolicyLanguageModule,
    RegistrationModule,
    SigningModule,
  ],
  providers: [
    {
      provide: PARTS,
      useFactory: (
        policyLife: PolicyLife,
        policyAccess: PolicyAccess,
        factAccess: FactAccess,
        registrationAccess: RegistrationAccess,
        issuerRegistry: IssuerRegistry,
        signingEngine: SigningEngine,
        changeTrail: ChangeTrail,
        decisionTrail: DecisionTrail,
        permissionEngine: PermissionEngine,
        policyLanguage: PolicyLanguage,
        unitOfWork: UnitOfWork,
        clock: Clock,
        settings: Settings,
      ): PolicyManagerParts => ({
        policyLife,
        policyAccess,
        factAccess,
        registrationAccess,
        issuerRegistry,
        signingEngine,
        changeTrail,
        decisionTrail,
        permissionEngine,
        policyLanguage,
        unitOfWork,
        clock,
        settings: settings.policy,
        factSourceNames: settings.factSources.map(({ name }) => name),
      }),
      inject: [
        POLICY_LIFE,
        POLICY_ACCESS,
        FACT_ACCESS,
        REGISTRATION_ACCESS,
        ISSUER_REGISTRY,
        SIGNING_ENGINE,
        CHANGE_TRAIL,
        DECISION_TRAIL,
        PERMISSION_ENGINE,
        POLICY_LANGUAGE,
        UNIT_OF_WORK,
        CLOCK,
        SETTINGS,
      ],
    },
    { provide: POLICY_MANAGER, useFactory: policyManager, inject: [PARTS] },
    { provide: POLICY_QUESTIONS, useFactory: policyQuestions, inject: [PARTS] },
  ],
  exports: [POLICY_MANAGER, POLICY_QUESTIONS],
})
export class PolicyModule {}
