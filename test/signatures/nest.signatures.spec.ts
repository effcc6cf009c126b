import 'reflect-metadata';
import { type CanActivate, Controller, ForbiddenException, type INestMicroservice, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, ServerGrpc } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '#devkit/free-port.js';
import { KeyServiceService } from '#protos/generated/countersign/keys/v1/keys.js';
import { codesOf, failureOf, whoSaidNo } from './probe.js';

const PACKAGE = 'countersign.keys.v1';

class FalseGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class ThrowingGuard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

/** A service of somebody else's making, without a filter. */
@Controller()
class UnmappedController {
  @GrpcMethod('KeyService', 'listKeys')
  @UseGuards(FalseGuard)
  refusedByAnswer(): object {
    return {};
  }

  @GrpcMethod('KeyService', 'rotateKeys')
  @UseGuards(ThrowingGuard)
  refusedByException(): object {
    return {};
  }

  @GrpcMethod('KeyService', 'taintKey')
  failing(): object {
    throw new Error('something with a secret in it');
  }
}

@Module({ controllers: [UnmappedController] })
class UnmappedModule {}

describe('What a Node client sees of NestJS without a filter', () => {
  let app: INestMicroservice;
  let target: string;
  beforeAll(async () => {
    target = `127.0.0.1:${await freePort()}`;
    const strategy = new ServerGrpc({
      url: target,
      package: PACKAGE,
      packageDefinition: { [`${PACKAGE}.KeyService`]: KeyServiceService },
    });
    app = await NestFactory.createMicroservice(UnmappedModule, { strategy, logger: false });
    await app.listen();
  }, 30_000);
  afterAll(() => app.close());

  it.each(['ListKeys', 'RotateKeys', 'TaintKey'])('%s: NEST_UNMAPPED', async (method) => {
    const failure = await failureOf({ target, path: `/${PACKAGE}.KeyService/${method}` });
    expect(codesOf(failure)).toEqual(['NEST_UNMAPPED']);
    expect(whoSaidNo(failure)).toBe('other-service');
  });
});
