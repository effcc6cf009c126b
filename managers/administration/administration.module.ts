import { Module } from '@nestjs/common';
import { AUDIT_EVIDENCE, type AuditEvidence } from '#accessors/audit/audit-evidence.contract.js';
import { AUDIT_TRAIL, type AuditTrail } from '#accessors/audit/audit-trail.contract.js';
import { CHANGE_TRAIL, type ChangeTrail } from '#accessors/audit/contract.js';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { FACT_ACCESS, type FactAccess } from '#accessors/facts/contract.js';
import { LIVE_DATA, type LiveData } from '#accessors/facts/live-data.contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { ISSUER_ACCESS, ISSUER_REGISTRY, type IssuerAccess, type IssuerRegistry } from '#accessors/issuer/contract.js';
import { IssuerModule } from '#accessors/issuer/issuer.module.js';
import { KEYRING_ACCESS, type KeyringAccess } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { POLICY_ACCESS, type PolicyAccess } from '#accessors/policy/contract.js';
import { PolicyAccessModule } from '#accessors/policy/policy.module.js';
import { CLIENT_REGISTRY } from '#accessors/registration/client-registry.contract.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { PERMISSION_ENGINE, type PermissionEngine } from '#engines/permission/contract.js';
import { PolicyLanguageModule } from '#engines/permission/language/policy-language.module.js';
import { PermissionModule } from '#engines/permission/permission.module.js';
import { POLICY_LANGUAGE, type PolicyLanguage } from '#engines/permission/policy-language.contract.js';
import { AUDIT_SEAL_ENGINE, type AuditSealEngine } from '#engines/signing/audit-seal.contract.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { CALLER_PROOFS, type CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import { TokenValidationModule } from '#engines/token-validation/token-validation.module.js';
import { CHANGE_FEED, type ChangeFeed } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { AUDIT_ADMINISTRATION } from './audit-administration.contract.js';
import { ADMINISTRATION_MANAGER, ISSUER_ADMINISTRATION } from './contract.js';
import { CLIENT_ADMINISTRATION } from './client-administration.contract.js';
import { type ClientAdministrationDeps, DefaultClientAdministration } from './default.client-administration.js';
import { DefaultAdministrationManager } from './default.administration.manager.js';
import { DefaultAuditAdministration } from './default.audit-administration.js';
import { DefaultIssuerAdministration } from './default.issuer-administration.js';
import { DefaultLiveAdministration } from './live/default.live-administration.js';
import { LIVE_ADMINISTRATION } from './live-administration.contract.js';

/** What the administration of clients is put together from; complete by type. */
const CLIENT_PARTS = Object.entries({
  clientRegistry: CLIENT_REGISTRY,
  registrationAccess: REGISTRATION_ACCESS,
  issuerRegistry: ISSUER_REGISTRY,
  permissionEngine: PERMISSION_ENGINE,
  policyLanguage: POLICY_LANGUAGE,
  callerProofs: CALLER_PROOFS,
  factAccess: FACT_ACCESS,
  changeTrail: CHANGE_TRAIL,
  unitOfWork: UNIT_OF_WORK,
  clock: CLOCK,
} satisfies Record<keyof ClientAdministrationDeps, symbol>);

@Module({
  imports: [
    RegistrationModule,
    FactsModule,
    PolicyAccessModule,
    IssuerModule,
    AuditModule,
    KeyModule,
    PermissionModule,
    PolicyLanguageModule,
    SigningModule,
    TokenValidationModule,
  ],
  providers: [
    {
      provide: ADMINISTRATION_MANAGER,
      useFactory: (
        registrationAccess: RegistrationAccess,
        factAccess: FactAccess,
        policyAccess: PolicyAccess,
        issuerAccess: IssuerAccess,
        permissionEngine: PermissionEngine,
        policyLanguage: PolicyLanguage,
        callerProofs: CallerProofs,
        changeTrail: ChangeTrail,
        unitOfWork: UnitOfWork,
      ) =>
        new DefaultAdministrationManager({
          registrationAccess,
          factAccess,
          policyAccess,
          issuerAccess,
          permissionEngine,
          policyLanguage,
          callerProofs,
          changeTrail,
          unitOfWork,
        }),
      inject: [
        REGISTRATION_ACCESS,
        FACT_ACCESS,
        POLICY_ACCESS,
        ISSUER_ACCESS,
        PERMISSION_ENGINE,
        POLICY_LANGUAGE,
        CALLER_PROOFS,
        CHANGE_TRAIL,
        UNIT_OF_WORK,
      ],
    },
    {
      provide: ISSUER_ADMINISTRATION,
      useFactory: (issuerRegistry: IssuerRegistry, factAccess: FactAccess, changeTrail: ChangeTrail, unitOfWork: UnitOfWork) =>
        new DefaultIssuerAdministration({ issuerRegistry, factAccess, changeTrail, unitOfWork }),
      inject: [ISSUER_REGISTRY, FACT_ACCESS, CHANGE_TRAIL, UNIT_OF_WORK],
    },
    {
      provide: CLIENT_ADMINISTRATION,
      useFactory: (...parts: readonly unknown[]) =>
        new DefaultClientAdministration(
          Object.fromEntries(CLIENT_PARTS.map(([name], at) => [name, parts[at]])) as unknown as ClientAdministrationDeps,
        ),
      inject: CLIENT_PARTS.map(([, symbol]) => symbol),
    },
    {
      provide: LIVE_ADMINISTRATION,
      useFactory: (
        liveData: LiveData,
        factAccess: FactAccess,
        signingEngine: SigningEngine,
        changeTrail: ChangeTrail,
        changeFeed: ChangeFeed,
        unitOfWork: UnitOfWork,
      ) => new DefaultLiveAdministration({ liveData, factAccess, signingEngine, changeTrail, changeFeed, unitOfWork }),
      inject: [LIVE_DATA, FACT_ACCESS, SIGNING_ENGINE, CHANGE_TRAIL, CHANGE_FEED, UNIT_OF_WORK],
    },
    {
      provide: AUDIT_ADMINISTRATION,
      useFactory: (
        ...parts: [AuditEvidence, AuditTrail, ChangeTrail, AuditSealEngine, KeyringAccess, UnitOfWork, IdSource, Clock, Settings]
      ) => {
        const [auditEvidence, auditTrail, changeTrail, auditSealEngine, keyringAccess, unitOfWork, ids, clock, settings] = parts;
        const [algorithm = 'ES256'] = settings.keys.algorithms;
        const { retentionDays } = settings.audit;
        return new DefaultAuditAdministration({
          auditEvidence,
          auditTrail,
          changeTrail,
          auditSealEngine,
          keyringAccess,
          unitOfWork,
          ids,
          clock,
          algorithm,
          retentionDays,
        });
      },
      inject: [
        AUDIT_EVIDENCE,
        AUDIT_TRAIL,
        CHANGE_TRAIL,
        AUDIT_SEAL_ENGINE,
        KEYRING_ACCESS,
        UNIT_OF_WORK,
        ID_SOURCE,
        CLOCK,
        SETTINGS,
      ],
    },
  ],
  exports: [ADMINISTRATION_MANAGER, CLIENT_ADMINISTRATION, AUDIT_ADMINISTRATION, ISSUER_ADMINISTRATION, LIVE_ADMINISTRATION],
})
export class AdministrationModule {}
