import { Module } from '@nestjs/common';
import { CLIENT_REGISTRY, type ClientRegistry } from '#accessors/registration/client-registry.contract.js';
import { REGISTRATION_ACCESS, type RegistrationAccess } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { DIAGNOSIS_ENGINE, type DiagnosisEngine } from '#engines/diagnosis/contract.js';
import { DiagnosisEngineModule } from '#engines/diagnosis/diagnosis-engine.module.js';
import { TOKEN_VALIDATION_ENGINE, type TokenValidationEngine } from '#engines/token-validation/contract.js';
import { TokenValidationModule } from '#engines/token-validation/token-validation.module.js';
import { DIAGNOSIS_MANAGER } from './contract.js';
import { DefaultDiagnosisManager } from './default.diagnosis.manager.js';

@Module({
  imports: [DiagnosisEngineModule, RegistrationModule, TokenValidationModule],
  providers: [
    {
      provide: DIAGNOSIS_MANAGER,
      useFactory: (
        tokenValidationEngine: TokenValidationEngine,
        diagnosisEngine: DiagnosisEngine,
        registrationAccess: RegistrationAccess,
        clientRegistry: ClientRegistry,
      ) => new DefaultDiagnosisManager({ tokenValidationEngine, diagnosisEngine, registrationAccess, clientRegistry }),
      inject: [TOKEN_VALIDATION_ENGINE, DIAGNOSIS_ENGINE, REGISTRATION_ACCESS, CLIENT_REGISTRY],
    },
  ],
  exports: [DIAGNOSIS_MANAGER],
})
export class DiagnosisModule {}
