import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { OpenToAll } from '../../access.decorators.js';
import { AUTHZEN_METADATA_PATH } from '../routes.js';
import { authzenMetadata } from './access-metadata.js';

/** Where questions of AuthZEN 1.0 are asked. */
@ApiTags('AuthZEN')
@OpenToAll()
@Controller()
export class AccessMetadataController {
  private readonly body: string;
  private readonly cacheControl: string;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.body = JSON.stringify(authzenMetadata(settings));
    this.cacheControl = `public, max-age=${String(settings.keys.rotation.jwksMaxAgeSeconds)}`;
  }

  @Get(AUTHZEN_METADATA_PATH)
  @ApiOperation({ summary: 'Where questions are asked (AuthZEN 1.0 §9)', operationId: 'authzenConfiguration' })
  @ApiOkResponse({ description: 'Metadata' })
  metadata(@Res() reply: FastifyReply): void {
    void reply.code(200).header('content-type', 'application/json').header('cache-control', this.cacheControl).send(this.body);
  }
}
