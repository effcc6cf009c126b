import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { AdministrationModule } from '#managers/administration/administration.module.js';
import {
  REVOCATION_ADMINISTRATION,
  type RevocationAdministration,
} from '#managers/administration/revocation-administration.contract.js';
import { RevocationAdministrationModule } from '#managers/administration/revocation-administration.module.js';
import { CLIENT_ADMINISTRATION, type ClientAdministration } from '#managers/administration/client-administration.contract.js';
import { AuthorizationModule } from '#managers/authorization/authorization.module.js';
import { TokenStatusModule } from '#managers/authorization/token-status.module.js';
import { DiagnosisModule } from '#managers/diagnosis/diagnosis.module.js';
import { KeyringModule } from '#managers/keyring/keyring.module.js';
import { PolicyModule } from '#managers/policy/policy.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { WAITERS, type Waiters } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import { AuthController } from './grpc/auth.controller.js';
import { EchoController } from './grpc/echo.controller.js';
import { KEY_WATCHERS, KeyWatchers } from './grpc/key-watchers.js';
import { PublicKeysController } from './grpc/public-keys.controller.js';
import { GrpcCheckController } from './grpc/check.controller.js';
import { KeyController } from './grpc/key.controller.js';
import { PolicyController } from './grpc/policy.controller.js';
import { GATEWAY_ADMISSION, type GatewayAdmission } from '#managers/authorization/gateway.contract.js';
import { GATEWAY_DESK, GatewayDesk } from './gateway.desk.js';
import { GrpcGatewayController } from './grpc/gateway.controller.js';
import { GrpcTokenStatusController } from './grpc/token-status.controller.js';
import { Callers, CALLERS } from './grpc/callers.js';
import { ERROR_PLACES, type ErrorPlaces } from './error-places.js';
import { HANDLER_DEADLINE, HandlerDeadline } from './handler-deadline.js';
import { type Foundations, PluginsModule } from './plugins.module.js';
import { Readiness, READINESS } from './readiness.js';
import { AccessGuard } from './rest/access.guard.js';
import { ClientsAdminController } from './rest/clients-admin.controller.js';
import { AccessController } from './rest/authzen/access.controller.js';
import { AccessMetadataController } from './rest/authzen/access-metadata.controller.js';
import { CheckController } from './rest/check.controller.js';
import { ForwardAuthController } from './rest/forward-auth.controller.js';
import { ErrorPagesController } from './rest/error-pages.controller.js';
import { HealthController } from './rest/health.controller.js';
import { IntrospectionController } from './rest/introspection.controller.js';
import { KeysAdminController } from './rest/keys-admin.controller.js';
import { LiveDataController } from './rest/live-data.controller.js';
import { OAuthErrorFilter } from './rest/oauth-error.filter.js';
import { PoliciesController } from './rest/policies.controller.js';
import { PublishedDocumentsController } from './rest/published-documents.controller.js';
import { RevocationController } from './rest/revocation.controller.js';
import { RevocationsAdminController } from './rest/revocations-admin.controller.js';
import { resourceMetadataUrl } from './rest/server-metadata.js';
import { TokenController } from './rest/token.controller.js';
import { KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import { AUDIT_ADMINISTRATION, type AuditAdministration } from '#managers/administration/audit-administration.contract.js';
import { AUDIT_TIMER, AuditTimer } from './timers/audit.timer.js';
import { CLIENT_WARNINGS_TIMER, ClientWarningsTimer } from './timers/client-warnings.timer.js';
import { KEYRING_TIMER, KeyringTimer } from './timers/keyring.timer.js';
import { REVOCATION_TIMER, RevocationTimer } from './timers/revocation.timer.js';

/** What is done again and again, by every process. */
const TIMERS: readonly Provider[] = [
  {
    provide: KEYRING_TIMER,
    useFactory: (keyring: KeyringManager, ids: IdSource, logger: Logger) => new KeyringTimer({ keyring, ids, logger }),
    inject: [KEYRING_MANAGER, ID_SOURCE, LOGGER],
  },
  {
    provide: REVOCATION_TIMER,
    useFactory: (administration: RevocationAdministration, ids: IdSource, logger: Logger) =>
      new RevocationTimer({ administration, ids, logger }),
    inject: [REVOCATION_ADMINISTRATION, ID_SOURCE, LOGGER],
  },
  {
    provide: CLIENT_WARNINGS_TIMER,
    useFactory: (clients: ClientAdministration, ids: IdSource, logger: Logger) =>
      new ClientWarningsTimer({ clients, ids, logger }),
    inject: [CLIENT_ADMINISTRATION, ID_SOURCE, LOGGER],
  },
];

const GATEWAYS: Provider = {
  provide: GATEWAY_DESK,
  useFactory: (admission: GatewayAdmission, deadline: HandlerDeadline, logger: Logger) =>
    new GatewayDesk({ admission, deadline, logger }),
  inject: [GATEWAY_ADMISSION, HANDLER_DEADLINE, LOGGER],
};

/** Everything that answers somebody. */
const CONTROLLERS: readonly Type[] = [
  TokenController,
  IntrospectionController,
  RevocationController,
  AccessController,
  AccessMetadataController,
  CheckController,
  ForwardAuthController,
  PublishedDocumentsController,
  ErrorPagesController,
  HealthController,
  KeysAdminController,
  ClientsAdminController,
  LiveDataController,
  RevocationsAdminController,
  PoliciesController,
  AuthController,
  GrpcCheckController,
  GrpcGatewayController,
  GrpcTokenStatusController,
  KeyController,
  PublicKeysController,
  EchoController,
  PolicyController,
];

/** The whole service: Managers, and the Clients that drive them. */
@Module({})
export class AppModule {
  static register(foundations: Foundations): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PluginsModule.register(foundations),
        AuthorizationModule,
        TokenStatusModule,
        KeyringModule,
        AdministrationModule,
        RevocationAdministrationModule,
        PolicyModule,
        DiagnosisModule,
      ],
      controllers: [...CONTROLLERS],
      providers: [
        { provide: READINESS, useValue: new Readiness() },
        {
          provide: HANDLER_DEADLINE,
          useFactory: (clock: Clock, waiters: Waiters) => new HandlerDeadline(clock, waiters),
          inject: [CLOCK, WAITERS],
        },
        { provide: CALLERS, useValue: new Callers() },
        {
          provide: ERROR_PLACES,
          useFactory: ({ issuer }: Settings): ErrorPlaces => ({
            pages: `${issuer}/errors/`,
            administration: resourceMetadataUrl(issuer),
          }),
          inject: [SETTINGS],
        },
        GATEWAYS,
        {
          provide: KEY_WATCHERS,
          useFactory: (keyring: KeyringManager, clock: Clock, ids: IdSource, { keys, grpcConnections }: Settings) =>
            new KeyWatchers({ keyring, clock, ids, rotation: keys.rotation, limit: grpcConnections.keyWatchers }),
          inject: [KEYRING_MANAGER, CLOCK, ID_SOURCE, SETTINGS],
        },
        {
          provide: AUDIT_TIMER,
          useFactory: (audit: AuditAdministration, ids: IdSource, logger: Logger) => new AuditTimer({ audit, ids, logger }),
          inject: [AUDIT_ADMINISTRATION, ID_SOURCE, LOGGER],
        },
        ...TIMERS,
        {
          provide: APP_GUARD,
          useFactory: (reflector: Reflector, manager: AuthorizationManager) => new AccessGuard(reflector, manager),
          inject: [Reflector, AUTHORIZATION_MANAGER],
        },
        {
          provide: APP_FILTER,
          useFactory: (logger: Logger, { issuer }: Settings) => new OAuthErrorFilter(logger, resourceMetadataUrl(issuer)),
          inject: [LOGGER, SETTINGS],
        },
      ],
    };
  }
}
