import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  type AddedSecret,
  CLIENT_ADMINISTRATION,
  type ClientAdministration,
  type ClientChange,
  type ClientOverview,
  type ClientReview,
} from '#managers/administration/client-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ForOperators } from '../access.decorators.js';
import { CLIENT_BODY, readClientPut, readSecret, readSwitch, SECRET_BODY, SWITCH_BODY } from '../clients-admin.requests.js';
import { operatorOf } from './access.guard.js';

/** Who may call, for operators. A change with `validateOnly` says what would be done and does nothing. */
@ApiTags('administration: clients')
@ApiBearerAuth('operator')
@ApiResponse({ status: 400, description: 'Refused, with every fault' })
@ApiResponse({ status: 401, description: 'Not an operator' })
@ApiResponse({ status: 403, description: 'An operator without the permission' })
@Controller('/admin/v1/clients')
export class ClientsAdminController {
  constructor(@Inject(CLIENT_ADMINISTRATION) private readonly clients: ClientAdministration) {}

  @Get()
  @ForOperators('countersign:client:read')
  @ApiOperation({ summary: 'Every client, its secrets and what is weak about it', operationId: 'listClients' })
  @ApiResponse({ status: 200, description: 'All clients, in the order of their ids' })
  list(@Req() request: FastifyRequest): Promise<readonly ClientOverview[]> {
    return this.clients.clients(contextOf(request));
  }

  @Get('/:id')
  @ForOperators('countersign:client:read')
  @ApiOperation({ summary: 'One client, as it would be written in an import file', operationId: 'getClient' })
  @ApiResponse({ status: 200, description: 'The client' })
  get(@Req() request: FastifyRequest, @Param('id') id: string): Promise<ClientReview> {
    return this.clients.client(contextOf(request), id);
  }

  @Put()
  @ForOperators('countersign:client:write')
  @ApiOperation({ summary: 'Bring a client to this state; its secrets stay as they are', operationId: 'putClient' })
  @ApiBody({ schema: CLIENT_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  put(@Req() request: FastifyRequest, @Body() body: unknown): Promise<ClientChange> {
    return this.clients.put(contextOf(request), readClientPut(body));
  }

  @Post('/:id/disable')
  @HttpCode(200)
  @ForOperators('countersign:client:write')
  @ApiOperation({ summary: 'Keep a client out, everywhere within 2 s', operationId: 'disableClient' })
  @ApiBody({ schema: SWITCH_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  disable(@Req() request: FastifyRequest, @Param('id') clientId: string, @Body() body: unknown): Promise<ClientChange> {
    return this.clients.switchClient(contextOf(request), { clientId, status: 'disabled', ...readSwitch(body) });
  }

  @Post('/:id/enable')
  @HttpCode(200)
  @ForOperators('countersign:client:write')
  @ApiOperation({ summary: 'Let a client in again', operationId: 'enableClient' })
  @ApiBody({ schema: SWITCH_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  enable(@Req() request: FastifyRequest, @Param('id') clientId: string, @Body() body: unknown): Promise<ClientChange> {
    return this.clients.switchClient(contextOf(request), { clientId, status: 'active', ...readSwitch(body) });
  }

  @Post('/:id/secrets')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ForOperators('countersign:client:write')
  @ApiOperation({ summary: 'Make a secret beside the one that is there', operationId: 'addClientSecret' })
  @ApiBody({ schema: SECRET_BODY })
  @ApiResponse({ status: 200, description: 'The secret, this once' })
  addSecret(@Req() request: FastifyRequest, @Param('id') clientId: string, @Body() body: unknown): Promise<AddedSecret> {
    return this.clients.addSecret(contextOf(request), { clientId, ...readSecret(body) });
  }

  @Delete('/:id/secrets/:secret')
  @HttpCode(204)
  @ForOperators('countersign:client:write')
  @ApiOperation({ summary: 'End a secret now', operationId: 'removeClientSecret' })
  @ApiResponse({ status: 204, description: 'It is gone, or would be' })
  async removeSecret(
    @Req() request: FastifyRequest,
    @Param() { id = '', secret = '' }: Readonly<Record<string, string>>,
    @Query('validateOnly') validateOnly?: string,
  ): Promise<void> {
    const order = { clientId: id, secretId: secret, validateOnly: validateOnly !== undefined && validateOnly !== 'false' };
    await this.clients.removeSecret(contextOf(request), order);
  }
}

function contextOf(request: FastifyRequest): CallContext {
  return { diagnosticId: request.id, transport: 'rest', operator: operatorOf(request).subject };
}
