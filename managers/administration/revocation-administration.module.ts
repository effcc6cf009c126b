import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { CHANGE_TRAIL, type ChangeTrail } from '#accessors/audit/contract.js';
import { FACT_ACCESS, type FactAccess } from '#accessors/facts/contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { REVOCATION_ACCESS, type RevocationAccess } from '#accessors/grants/revocation.contract.js';
import { RevocationModule } from '#accessors/grants/revocation.module.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { DefaultRevocationAdministration } from './default.revocation-administration.js';
import { REVOCATION_ADMINISTRATION } from './revocation-administration.contract.js';

@Module({
  imports: [RevocationModule, RegistrationModule, FactsModule, SigningModule, AuditModule],
  providers: [
    {
      provide: REVOCATION_ADMINISTRATION,
      useFactory: (
        revocationAccess: RevocationAccess,
        registrationAccess: RegistrationAccess,
        factAccess: FactAccess,
        signingEngine: SigningEngine,
        changeTrail: ChangeTrail,
        unitOfWork: UnitOfWork,
        clock: Clock,
      ) =>
        new DefaultRevocationAdministration({
          revocationAccess,
          registrationAccess,
          factAccess,
          signingEngine,
          changeTrail,
          unitOfWork,
          clock,
        }),
      inject: [REVOCATION_ACCESS, REGISTRATION_ACCESS, FACT_ACCESS, SIGNING_ENGINE, CHANGE_TRAIL, UNIT_OF_WORK, CLOCK],
    },
  ],
  exports: [REVOCATION_ADMINISTRATION],
})
export class RevocationAdministrationModule {}
