import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { OpenToAll } from '../access.decorators.js';
import { encodedDocument, type EncodedDocument, jwksDocument } from '../published-jwks.js';
import { abilitiesOf } from './abilities.js';
import { CUTOFFS_PATH, JWKS_PATH, OPENID_CONFIGURATION_PATH, RESOURCE_METADATA_PATH, SERVER_METADATA_PATH } from './routes.js';
import { authorizationServerMetadata, openIdConfiguration, protectedResourceMetadata } from './server-metadata.js';

/** The SDK asks every 30 s; what it is told may be no older than that. */
const CUTOFFS_CACHE_CONTROL = 'public, max-age=15';

interface PublishedDocument extends EncodedDocument {
  readonly type: 'application/json' | 'application/jwk-set+json';
  readonly cacheControl: string;
}

/** What verifiers read: our keys and where everything is. Served also while the database is away. */
@ApiTags('published documents')
@OpenToAll()
@Controller()
export class PublishedDocumentsController {
  private readonly serverMetadata: PublishedDocument;
  private readonly openId: PublishedDocument;
  private readonly resource: PublishedDocument;
  private readonly cacheControl: string;
  /** INVARIANT: rebuilt when the keyring answers another array, which it does only when a key changed. */
  private keys: { readonly source: unknown; readonly document: PublishedDocument } | undefined;

  constructor(
    @Inject(KEYRING_MANAGER) private readonly keyring: KeyringManager,
    @Inject(SETTINGS) settings: Settings,
  ) {
    const { jwksMaxAgeSeconds, jwksStaleIfErrorSeconds } = settings.keys.rotation;
    this.cacheControl = `public, max-age=${String(jwksMaxAgeSeconds)}, stale-if-error=${String(jwksStaleIfErrorSeconds)}`;
    const abilities = abilitiesOf(settings);
    this.serverMetadata = this.documentOf(authorizationServerMetadata(abilities));
    this.openId = this.documentOf(openIdConfiguration(abilities));
    this.resource = this.documentOf(protectedResourceMetadata(abilities));
  }

  @Get(JWKS_PATH)
  @ApiOperation({ summary: 'Our public keys (RFC 7517)', operationId: 'jwks' })
  @ApiOkResponse({ description: 'A JWK set' })
  async jwks(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const published = await this.keyring.publishedKeys({ diagnosticId: request.id, transport: 'rest' });
    if (this.keys?.source !== published) {
      this.keys = {
        source: published,
        document: { type: 'application/jwk-set+json', cacheControl: this.cacheControl, ...jwksDocument(published) },
      };
    }
    send(request, reply, this.keys.document);
  }

  @Get(SERVER_METADATA_PATH)
  @ApiOperation({ summary: 'Authorization server metadata (RFC 8414)', operationId: 'authorizationServerMetadata' })
  @ApiOkResponse({ description: 'Metadata' })
  metadata(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    send(request, reply, this.serverMetadata);
  }

  @Get(OPENID_CONFIGURATION_PATH)
  @ApiOperation({ summary: 'The minimum that a verifier of tokens needs', operationId: 'openIdConfiguration' })
  @ApiOkResponse({ description: 'Metadata' })
  openIdConfiguration(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    send(request, reply, this.openId);
  }

  @Get(RESOURCE_METADATA_PATH)
  @ApiOperation({
    summary: 'Protected resource metadata of the administration (RFC 9728)',
    operationId: 'protectedResourceMetadata',
  })
  @ApiOkResponse({ description: 'Metadata' })
  resourceMetadata(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    send(request, reply, this.resource);
  }

  @Get(CUTOFFS_PATH)
  @ApiOperation({ summary: 'Keys that offline verifiers must not accept any more, signed', operationId: 'cutoffs' })
  @ApiOkResponse({ description: 'Compact JWS of type countersign-cutoff+jwt' })
  async cutoffs(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const document = await this.keyring.cutoffs({ diagnosticId: request.id, transport: 'rest' });
    void reply.header('cache-control', CUTOFFS_CACHE_CONTROL).code(200).header('content-type', 'application/jwt').send(document);
  }

  private documentOf(value: object): PublishedDocument {
    return { type: 'application/json', cacheControl: this.cacheControl, ...encodedDocument(value) };
  }
}

function send(request: FastifyRequest, reply: FastifyReply, document: PublishedDocument): void {
  void reply.header('cache-control', document.cacheControl).header('etag', document.etag);
  if (request.headers['if-none-match'] === document.etag) {
    void reply.code(304).send();
    return;
  }
  void reply.code(200).header('content-type', document.type).send(document.body);
}
