import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  type ExportedKey,
  KEY_EMERGENCY,
  type KeyEmergency,
  type KeyEmergencyReport,
  KEYRING_MANAGER,
  type KeyringChangeReport,
  type KeyringManager,
  type KeyringStatus,
} from '#managers/keyring/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ForOperators } from '../access.decorators.js';
import { operatorOf } from './access.guard.js';
import { EMERGENCY_BODY, readEmergency, readRotation, ROTATION_BODY } from '../keys-admin.requests.js';

/** The keyring for operators. A change with `validateOnly` says what would be done and does nothing. */
@ApiTags('administration: keys')
@ApiBearerAuth('operator')
@ApiResponse({ status: 401, description: 'Not an operator' })
@ApiResponse({ status: 403, description: 'An operator without the permission' })
@Controller('/admin/v1/keys')
export class KeysAdminController {
  constructor(
    @Inject(KEYRING_MANAGER) private readonly keyring: KeyringManager,
    @Inject(KEY_EMERGENCY) private readonly emergency: KeyEmergency,
  ) {}

  @Get()
  @ForOperators('countersign:key:read')
  @ApiOperation({ summary: 'All keys, their states and what comes next', operationId: 'keyringStatus' })
  @ApiResponse({ status: 200, description: 'The keyring' })
  status(@Req() request: FastifyRequest): Promise<KeyringStatus> {
    return this.keyring.status(contextOf(request));
  }

  @Get('/export')
  @ForOperators('countersign:key:read')
  @ApiOperation({ summary: 'Public halves as JWK and PEM', operationId: 'exportPublicKeys' })
  @ApiResponse({ status: 200, description: 'Public keys' })
  exportPublic(@Req() request: FastifyRequest, @Query('kid') kid?: string): Promise<readonly ExportedKey[]> {
    return this.keyring.exportPublic(contextOf(request), kid ?? null);
  }

  @Post('/rotate')
  @HttpCode(200)
  @ForOperators('countersign:key:rotate')
  @ApiOperation({ summary: 'Begin a planned rotation before its time', operationId: 'rotateKeys' })
  @ApiBody({ schema: ROTATION_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  rotate(@Req() request: FastifyRequest, @Body() body: unknown): Promise<KeyringChangeReport> {
    return this.keyring.rotate(contextOf(request), readRotation(body));
  }

  @Post('/:kid/taint')
  @HttpCode(200)
  @ForOperators('countersign:key:revoke')
  @ApiOperation({ summary: 'Stop a key from signing at once; its tokens stay good until they end', operationId: 'taintKey' })
  @ApiBody({ schema: EMERGENCY_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done, and what was issued under the key' })
  taint(@Req() request: FastifyRequest, @Param('kid') kid: string, @Body() body: unknown): Promise<KeyEmergencyReport> {
    return this.emergency.taint(contextOf(request), { kid, ...readEmergency(body) });
  }

  @Post('/:kid/revoke')
  @HttpCode(200)
  @ForOperators('countersign:key:revoke')
  @ApiOperation({ summary: 'As taint, and nothing that the key signed is good any more', operationId: 'revokeKey' })
  @ApiBody({ schema: EMERGENCY_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done, and where tokens are accepted until when' })
  revoke(@Req() request: FastifyRequest, @Param('kid') kid: string, @Body() body: unknown): Promise<KeyEmergencyReport> {
    return this.emergency.revoke(contextOf(request), { kid, ...readEmergency(body) });
  }
}

function contextOf(request: FastifyRequest): CallContext {
  return { diagnosticId: request.id, transport: 'rest', operator: operatorOf(request).subject };
}
