import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  LIVE_ADMINISTRATION,
  type LiveAdministration,
  type LiveChangeReport,
  type LiveRow,
} from '#managers/administration/live-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ForOperators } from '../access.decorators.js';
import { kindAt, readListing, readPatch, readPut, readRef, readRemove, ROW_PATHS } from '../live-data.requests.js';
import { operatorOf } from './access.guard.js';
import { NAMES_BODY, PATCH_BODY, ROWS_BODY } from './live-data.schemas.js';

const KIND = { name: 'kind', enum: Object.keys(ROW_PATHS) };

type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null };
type Changes = Awaited<ReturnType<LiveAdministration['changes']>>;

/** Tenants, subjects, groups and what they have, for operators. A change with `validateOnly` says what would be done and does nothing. */
@ApiTags('administration: live data')
@ApiBearerAuth('operator')
@ApiResponse({ status: 400, description: 'Refused, with every fault' })
@ApiResponse({ status: 401, description: 'Not an operator' })
@ApiResponse({ status: 403, description: 'An operator without the permission' })
@Controller('/admin/v1/tenants/:tenant')
export class LiveDataController {
  constructor(@Inject(LIVE_ADMINISTRATION) private readonly administration: LiveAdministration) {}

  @Get('/changes')
  @ForOperators('countersign:data:read')
  @ApiOperation({ summary: 'Who changed what, newest first', operationId: 'listLiveChanges' })
  @ApiResponse({ status: 200, description: 'A page of changes, with rows before and after' })
  changes(@Req() request: FastifyRequest, @Param('tenant') tenant: string, @Query() query: unknown): Promise<Changes> {
    const { about, ...page } = readListing(query);
    return this.administration.changes(contextOf(request), tenant, { ...page, about: readRef(about) });
  }

  @Get('/:kind')
  @ForOperators('countersign:data:read')
  @ApiOperation({ summary: 'Rows of one kind, in the order of their names', operationId: 'listLiveData' })
  @ApiParam(KIND)
  @ApiResponse({ status: 200, description: 'A page of rows' })
  list(
    @Req() request: FastifyRequest,
    @Param() { tenant, kind }: Readonly<Record<string, string>>,
    @Query() query: unknown,
  ): Promise<Page<LiveRow>> {
    return this.administration.list(contextOf(request), tenant ?? '', { kind: kindAt(kind ?? ''), ...readListing(query) });
  }

  @Get('/:kind/:name')
  @ForOperators('countersign:data:read')
  @ApiOperation({ summary: 'One row', operationId: 'getLiveData' })
  @ApiParam(KIND)
  @ApiResponse({ status: 200, description: 'The row' })
  get(@Req() request: FastifyRequest, @Param() path: Readonly<Record<string, string>>): Promise<LiveRow> {
    return this.administration.get(contextOf(request), path['tenant'] ?? '', refOf(path));
  }

  @Put('/:kind')
  @ForOperators('countersign:data:write')
  @ApiOperation({ summary: 'Bring rows to these states, all or nothing', operationId: 'putLiveData' })
  @ApiParam(KIND)
  @ApiBody({ schema: ROWS_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  put(
    @Req() request: FastifyRequest,
    @Param() { tenant, kind }: Readonly<Record<string, string>>,
    @Body() body: unknown,
  ): Promise<LiveChangeReport> {
    return this.administration.put(contextOf(request), tenant ?? '', readPut(kindAt(kind ?? ''), body));
  }

  @Patch('/:kind/:name')
  @ForOperators('countersign:data:write')
  @ApiOperation({ summary: 'Change some members of a row', operationId: 'patchLiveData' })
  @ApiParam(KIND)
  @ApiBody({ schema: PATCH_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  patch(
    @Req() request: FastifyRequest,
    @Param() path: Readonly<Record<string, string>>,
    @Body() body: unknown,
  ): Promise<LiveChangeReport> {
    return this.administration.patch(contextOf(request), path['tenant'] ?? '', readPatch(refOf(path), body));
  }

  @Delete('/:kind/:name')
  @ForOperators('countersign:data:write')
  @ApiOperation({ summary: 'Take a row away', operationId: 'removeLiveData' })
  @ApiParam(KIND)
  @ApiResponse({ status: 200, description: 'What was done' })
  remove(@Req() request: FastifyRequest, @Param() path: Readonly<Record<string, string>>): Promise<LiveChangeReport> {
    const order = { refs: [refOf(path)], validateOnly: false };
    return this.administration.remove(contextOf(request), path['tenant'] ?? '', order);
  }

  @Post('/:kind/remove')
  @HttpCode(200)
  @ForOperators('countersign:data:write')
  @ApiOperation({ summary: 'Take rows away, all or nothing', operationId: 'removeManyLiveData' })
  @ApiParam(KIND)
  @ApiBody({ schema: NAMES_BODY })
  @ApiResponse({ status: 200, description: 'What was or would be done' })
  removeMany(
    @Req() request: FastifyRequest,
    @Param() { tenant, kind }: Readonly<Record<string, string>>,
    @Body() body: unknown,
  ): Promise<LiveChangeReport> {
    return this.administration.remove(contextOf(request), tenant ?? '', readRemove(kindAt(kind ?? ''), body));
  }
}

function refOf({ kind = '', name = '' }: Readonly<Record<string, string>>): ReturnType<typeof readPatch>['ref'] {
  return { kind: kindAt(kind), name };
}

function contextOf(request: FastifyRequest): CallContext {
  return { diagnosticId: request.id, transport: 'rest', operator: operatorOf(request).subject };
}
