import { All, Controller, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#utilities/errors/coded-error.js';
import { TOKEN_PATH } from './server-metadata.js';

/** Tells a caller with the wrong method so, instead of that there is nothing here. */
@ApiExcludeController()
@Controller()
export class MethodNotAllowedController {
  @All(TOKEN_PATH)
  refuse(@Req() _request: FastifyRequest, @Res() reply: FastifyReply): void {
    void reply.header('allow', 'POST');
    throw new CodedError('REQUEST_METHOD_NOT_ALLOWED', { expected: 'POST' });
  }
}
