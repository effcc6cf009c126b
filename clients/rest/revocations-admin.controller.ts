import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  REVOCATION_ADMINISTRATION,
  type RevocationAdministration,
  type RevocationReport,
} from '#managers/administration/revocation-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ForOperators } from '../access.decorators.js';
import { readRevocation, readRevocationListing, REVOCATION_BODY } from '../revocations-admin.requests.js';
import { operatorOf } from './access.guard.js';

/** What was taken back, for operators. A change with `validateOnly` says what would be done and does nothing. */
@ApiTags('administration: revocations')
@ApiBearerAuth('operator')
@ApiResponse({ status: 401, description: 'Not an operator' })
@ApiResponse({ status: 403, description: 'An operator without the permission' })
@Controller('/admin/v1/revocations')
export class RevocationsAdminController {
  constructor(@Inject(REVOCATION_ADMINISTRATION) private readonly administration: RevocationAdministration) {}

  @Get()
  @ForOperators('countersign:revocation:read')
  @ApiOperation({ summary: 'What is revoked and has not ended, newest first', operationId: 'listRevocations' })
  @ApiResponse({ status: 200, description: 'A page of revocations' })
  list(@Req() request: FastifyRequest, @Query() query: unknown): ReturnType<RevocationAdministration['list']> {
    return this.administration.list(contextOf(request), readRevocationListing(query));
  }

  @Post()
  @HttpCode(200)
  @ForOperators('countersign:revocation:write')
  @ApiOperation({ summary: 'Take back what was issued, by token, subject, client or tenant', operationId: 'revoke' })
  @ApiBody({ schema: REVOCATION_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be revoked' })
  revoke(@Req() request: FastifyRequest, @Body() body: unknown): Promise<RevocationReport> {
    return this.administration.revoke(contextOf(request), readRevocation(body));
  }
}

function contextOf(request: FastifyRequest): CallContext {
  return { diagnosticId: request.id, transport: 'rest', operator: operatorOf(request).subject };
}
