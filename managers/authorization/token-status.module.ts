import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { CHANGE_TRAIL } from '#accessors/audit/contract.js';
import { FACT_ACCESS } from '#accessors/facts/contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { REVOCATION_ACCESS } from '#accessors/grants/revocation.contract.js';
import { RevocationModule } from '#accessors/grants/revocation.module.js';
import { ISSUER_ACCESS } from '#accessors/issuer/contract.js';
import { IssuerModule } from '#accessors/issuer/issuer.module.js';
import { REGISTRATION_ACCESS } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { SIGNING_ENGINE } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { UNIT_OF_WORK } from '#utilities/database/contract.js';
import { COUNTERS } from '#utilities/telemetry/contract.js';
import { DefaultTokenStatus, type TokenStatusParts } from './default.token-status.js';
import { TOKEN_STATUS } from './token-status.contract.js';

/** What each part is asked for by; complete by type. */
const PARTS: Readonly<Record<keyof TokenStatusParts, symbol>> = {
  signingEngine: SIGNING_ENGINE,
  registrationAccess: REGISTRATION_ACCESS,
  issuerAccess: ISSUER_ACCESS,
  factAccess: FACT_ACCESS,
  revocationAccess: REVOCATION_ACCESS,
  changeTrail: CHANGE_TRAIL,
  unitOfWork: UNIT_OF_WORK,
  counters: COUNTERS,
};
const NAMES = Object.keys(PARTS);

@Module({
  imports: [SigningModule, RegistrationModule, IssuerModule, FactsModule, RevocationModule, AuditModule],
  providers: [
    {
      provide: TOKEN_STATUS,
      useFactory: (...parts: readonly unknown[]) =>
        new DefaultTokenStatus(Object.fromEntries(NAMES.map((name, at) => [name, parts[at]])) as unknown as TokenStatusParts),
      inject: Object.values(PARTS),
    },
  ],
  exports: [TOKEN_STATUS],
})
export class TokenStatusModule {}
