import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ACCESS_SEARCH } from '#managers/authorization/access-search.contract.js';
import { AUTHORIZATION_MANAGER } from '#managers/authorization/contract.js';
import { REVOCATION_ADMINISTRATION } from '#managers/administration/revocation-administration.contract.js';
import { KEY_EMERGENCY, KEYRING_MANAGER } from '#managers/keyring/contract.js';
import { TOKEN_STATUS } from '#managers/authorization/token-status.contract.js';
import { SETTINGS } from '#utilities/config/contract.js';
import { HANDLER_DEADLINE } from '../handler-deadline.js';
import { parseSettings } from '../operator-tools.js';
import { READINESS } from '../readiness.js';
import { AccessController } from './authzen/access.controller.js';
import { AccessMetadataController } from './authzen/access-metadata.controller.js';
import { CheckController } from './check.controller.js';
import { HealthController } from './health.controller.js';
import { IntrospectionController } from './introspection.controller.js';
import { KeysAdminController } from './keys-admin.controller.js';
import { PublishedDocumentsController } from './published-documents.controller.js';
import { RevocationController } from './revocation.controller.js';
import { RevocationsAdminController } from './revocations-admin.controller.js';
import { TokenController } from './token.controller.js';

/** The OpenAPI document of the REST client, from its controllers; nothing is started and nothing listens. */
export async function openApiDocument(): Promise<object> {
  const app = await NestFactory.create<NestFastifyApplication>(OpenApiModule.register(), new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  const config = new DocumentBuilder()
    .setTitle('Countersign')
    .setDescription('A Security Token Service: token exchange (RFC 8693) and what verifiers need.')
    .setVersion('v1')
    .setOpenAPIVersion('3.1.0')
    .addBasicAuth({ type: 'http', scheme: 'basic', description: 'client_secret_basic (RFC 6749 §2.3.1)' }, 'client_secret_basic')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'A token of this service for the audience countersign' },
      'operator',
    )
    .build();
  const document = SwaggerModule.createDocument(app, config);
  await app.close();
  return document;
}

/** The controllers alone, with nothing behind them. */
@Module({})
class OpenApiModule {
  static register(): DynamicModule {
    const nothing = {};
    return {
      module: OpenApiModule,
      controllers: [
        TokenController,
        IntrospectionController,
        RevocationController,
        CheckController,
        AccessController,
        AccessMetadataController,
        PublishedDocumentsController,
        HealthController,
        KeysAdminController,
        RevocationsAdminController,
      ],
      providers: [
        { provide: AUTHORIZATION_MANAGER, useValue: nothing },
        { provide: TOKEN_STATUS, useValue: nothing },
        { provide: ACCESS_SEARCH, useValue: nothing },
        { provide: KEYRING_MANAGER, useValue: nothing },
        { provide: KEY_EMERGENCY, useValue: nothing },
        { provide: REVOCATION_ADMINISTRATION, useValue: nothing },
        { provide: READINESS, useValue: nothing },
        { provide: HANDLER_DEADLINE, useValue: nothing },
        { provide: SETTINGS, useValue: parseSettings('issuer: https://auth.example.com', 'openapi', {}, 'dev') },
      ],
    };
  }
}
