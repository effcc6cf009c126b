import { Module } from '@nestjs/common';
import { ISSUER_ACCESS, type IssuerAccess } from '#accessors/issuer/contract.js';
import { IssuerModule } from '#accessors/issuer/issuer.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { CALLER_PROOFS } from './caller-proofs.contract.js';
import { DefaultCallerProofs } from './caller-proofs/default.caller-proofs.js';
import { TOKEN_VALIDATION_ENGINE } from './contract.js';
import { DefaultTokenValidationEngine } from './default.token-validation.engine.js';
import { IDENTITY_PROVIDERS, type IdentityProvider } from './identity-provider.contract.js';

@Module({
  imports: [IssuerModule],
  providers: [
    {
      provide: TOKEN_VALIDATION_ENGINE,
      useFactory: (issuerAccess: IssuerAccess, providers: readonly IdentityProvider[], clock: Clock, settings: Settings) =>
        new DefaultTokenValidationEngine({ issuerAccess, providers, clock, ownIssuer: settings.issuer }),
      inject: [ISSUER_ACCESS, IDENTITY_PROVIDERS, CLOCK, SETTINGS],
    },
    {
      provide: CALLER_PROOFS,
      useFactory: (issuerAccess: IssuerAccess, providers: readonly IdentityProvider[], clock: Clock, settings: Settings) =>
        new DefaultCallerProofs({ issuerAccess, providers, clock, ownIssuer: settings.issuer }),
      inject: [ISSUER_ACCESS, IDENTITY_PROVIDERS, CLOCK, SETTINGS],
    },
  ],
  exports: [TOKEN_VALIDATION_ENGINE, CALLER_PROOFS],
})
export class TokenValidationModule {}
