import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CATALOGUE, type ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { ERROR_PATH } from './routes.js';

/** What an error means and what to do, for whoever was told its code: `Help` of a gRPC status leads here. */
@ApiTags('published documents')
@OpenToAll()
@Controller()
export class ErrorPagesController {
  @Get(ERROR_PATH)
  @ApiOperation({ summary: 'What an error code means and what to do', operationId: 'errorPage' })
  @ApiOkResponse({ description: 'Markdown' })
  page(@Param('code') code: string, @Res() reply: FastifyReply): void {
    if (!isCode(code)) throw new CodedError('REQUEST_NOT_FOUND');
    void reply
      .code(200)
      .header('content-type', 'text/markdown; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .header('x-content-type-options', 'nosniff')
      .send(pageOf(code));
  }
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

function pageOf(code: ErrorCode): string {
  const { summary, cause, remedy } = CATALOGUE[code];
  const steps = remedy.map((step, at) => `${String(at + 1)}. ${step}`).join('\n');
  return `# ${code}\n\n${summary}\n\n## When it happens\n\n${cause}\n\n## What to do\n\n${steps}\n`;
}
