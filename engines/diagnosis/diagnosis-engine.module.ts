import { Module } from '@nestjs/common';
import { FAILURE_SIGNATURES, type FailureSignatures } from '#utilities/failure-signatures/contract.js';
import { DIAGNOSIS_ENGINE } from './contract.js';
import { DefaultDiagnosisEngine } from './default.diagnosis.engine.js';

@Module({
  providers: [
    {
      provide: DIAGNOSIS_ENGINE,
      useFactory: (signatures: FailureSignatures) => new DefaultDiagnosisEngine({ signatures }),
      inject: [FAILURE_SIGNATURES],
    },
  ],
  exports: [DIAGNOSIS_ENGINE],
})
export class DiagnosisEngineModule {}
