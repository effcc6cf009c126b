import { Module } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { AUDIT_ACCESS, DECISION_TRAIL } from '#accessors/audit/contract.js';
import { DIRECTORY_ACCESS } from '#accessors/directory/contract.js';
import { DirectoryModule } from '#accessors/directory/directory.module.js';
import { FACT_ACCESS } from '#accessors/facts/contract.js';
import { FactsModule } from '#accessors/facts/facts.module.js';
import { SUBJECT_SEARCH, type SubjectSearch } from '#accessors/facts/subject-search.contract.js';
import { GRANTS_ACCESS } from '#accessors/grants/contract.js';
import { GrantsModule } from '#accessors/grants/grants.module.js';
import { REVOCATION_ACCESS } from '#accessors/grants/revocation.contract.js';
import { RevocationModule } from '#accessors/grants/revocation.module.js';
import { ISSUER_ACCESS } from '#accessors/issuer/contract.js';
import { IssuerModule } from '#accessors/issuer/issuer.module.js';
import { KEY_ACCESS, type KeyAccess } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { POLICY_ACCESS } from '#accessors/policy/contract.js';
import { PolicyAccessModule } from '#accessors/policy/policy.module.js';
import { REGISTRATION_ACCESS } from '#accessors/registration/contract.js';
import { RegistrationModule } from '#accessors/registration/registration.module.js';
import { DELEGATION_ENGINE } from '#engines/delegation/contract.js';
import { DelegationModule } from '#engines/delegation/delegation.module.js';
import { PERMISSION_ENGINE } from '#engines/permission/contract.js';
import { GATEWAY_ROUTES, type GatewayRoutes } from '#engines/permission/gateway-routes.contract.js';
import { PermissionModule } from '#engines/permission/permission.module.js';
import { SIGNING_ENGINE } from '#engines/signing/contract.js';
import { DPOP_NONCES } from '#engines/signing/dpop-nonces.contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { CALLER_PROOFS } from '#engines/token-validation/caller-proofs.contract.js';
import { TOKEN_VALIDATION_ENGINE } from '#engines/token-validation/contract.js';
import { TokenValidationModule } from '#engines/token-validation/token-validation.module.js';
import { CHANGE_FEED } from '#utilities/change-feed/contract.js';
import { CLOCK } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { ID_SOURCE } from '#utilities/id/contract.js';
import { LOGGER } from '#utilities/logging/contract.js';
import { CLIENT_RATE, ISSUER_RATE } from '#utilities/resilience/contract.js';
import { COUNTERS } from '#utilities/telemetry/contract.js';
import { ACCESS_SEARCH } from './access-search.contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { AUTHORIZATION_MANAGER } from './contract.js';
import { DefaultAccessSearch } from './default.access-search.js';
import { DefaultAuthorizationManager } from './default.authorization.manager.js';
import { DefaultGatewayAdmission } from './gateway.admission.js';
import { RecordedAccessSearch } from './recorded.access-search.js';
import { GATEWAY_ADMISSION } from './gateway.contract.js';

type Injected = Omit<AuthorizationParts, 'defaultLifetimeSeconds' | 'nonces'>;

/** What each part is asked for by; complete by type. */
const PARTS: Readonly<Record<keyof Injected, symbol>> = {
  registrationAccess: REGISTRATION_ACCESS,
  issuerAccess: ISSUER_ACCESS,
  directoryAccess: DIRECTORY_ACCESS,
  policyAccess: POLICY_ACCESS,
  factAccess: FACT_ACCESS,
  auditAccess: AUDIT_ACCESS,
  revocationAccess: REVOCATION_ACCESS,
  grantsAccess: GRANTS_ACCESS,
  decisionTrail: DECISION_TRAIL,
  tokenValidationEngine: TOKEN_VALIDATION_ENGINE,
  callerProofs: CALLER_PROOFS,
  dpopNonces: DPOP_NONCES,
  delegationEngine: DELEGATION_ENGINE,
  permissionEngine: PERMISSION_ENGINE,
  signingEngine: SIGNING_ENGINE,
  changeFeed: CHANGE_FEED,
  clock: CLOCK,
  ids: ID_SOURCE,
  counters: COUNTERS,
  clientRate: CLIENT_RATE,
  issuerRate: ISSUER_RATE,
  logger: LOGGER,
};
const NAMES = Object.keys(PARTS);

function partsOf({ tokens, grants }: Settings, parts: readonly unknown[]): AuthorizationParts {
  return {
    ...(Object.fromEntries(NAMES.map((name, at) => [name, parts[at]])) as unknown as Injected),
    defaultLifetimeSeconds: tokens.lifetimeSeconds,
    nonces: grants.dpopNonces,
  };
}

@Module({
  imports: [
    RegistrationModule,
    IssuerModule,
    TokenValidationModule,
    DirectoryModule,
    PolicyAccessModule,
    FactsModule,
    PermissionModule,
    SigningModule,
    AuditModule,
    RevocationModule,
    GrantsModule,
    DelegationModule,
    KeyModule,
  ],
  providers: [
    {
      provide: AUTHORIZATION_MANAGER,
      useFactory: (settings: Settings, ...parts: readonly unknown[]) => new DefaultAuthorizationManager(partsOf(settings, parts)),
      inject: [SETTINGS, ...Object.values(PARTS)],
    },
    {
      provide: GATEWAY_ADMISSION,
      useFactory: (gatewayRoutes: GatewayRoutes, settings: Settings, ...parts: readonly unknown[]) =>
        new DefaultGatewayAdmission({ ...partsOf(settings, parts), gatewayRoutes }),
      inject: [GATEWAY_ROUTES, SETTINGS, ...Object.values(PARTS)],
    },
    {
      provide: ACCESS_SEARCH,
      useFactory: (
        subjectSearch: SubjectSearch,
        keyAccess: Pick<KeyAccess, 'keyedDigest'>,
        settings: Settings,
        ...parts: readonly unknown[]
      ) => {
        const known = partsOf(settings, parts);
        const search = new DefaultAccessSearch({ ...known, subjectSearch, keyAccess, settings: settings.authzen });
        return new RecordedAccessSearch(search, known);
      },
      inject: [SUBJECT_SEARCH, KEY_ACCESS, SETTINGS, ...Object.values(PARTS)],
    },
  ],
  exports: [AUTHORIZATION_MANAGER, ACCESS_SEARCH, GATEWAY_ADMISSION],
})
export class AuthorizationModule {}
