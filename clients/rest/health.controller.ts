import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OpenToAll } from '../access.decorators.js';
import { READINESS, type Readiness } from '../readiness.js';

@ApiTags('health')
@OpenToAll()
@Controller()
export class HealthController {
  constructor(@Inject(READINESS) private readonly readiness: Readiness) {}

  @Get('/healthz')
  @ApiOperation({ summary: 'The process lives', operationId: 'liveness' })
  @ApiOkResponse({ description: 'Always, while the process answers' })
  live(@Res() reply: FastifyReply): void {
    answer(reply, 200, 'ok');
  }

  @Get('/readyz')
  @ApiOperation({ summary: 'The process takes new work', operationId: 'readiness' })
  @ApiOkResponse({ description: 'Send traffic here' })
  @ApiResponse({ status: 503, description: 'Stopping: send no new traffic here' })
  ready(@Res() reply: FastifyReply): void {
    if (this.readiness.isReady()) answer(reply, 200, 'ready');
    else answer(reply, 503, 'stopping');
  }
}

function answer(reply: FastifyReply, status: number, state: string): void {
  void reply
    .code(status)
    .header('content-type', 'application/json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify({ status: state }));
}
