import { status } from '@grpc/grpc-js';
import { type CanActivate, Controller, Module, type Type, UnauthorizedException } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GrpcStreamMethod } from '@nestjs/microservices';
import { last, type Observable } from 'rxjs';
import { until } from '../../../test/support/until.js';
import { LiveIssuer } from '../fixtures/tokens-of-now.js';
import type { Verifier } from '../verifier.js';
import { RequirePermissions } from './access.decorators.js';
import { CountersignModule } from './countersign.module.js';
import { call, type Invoice, start, type Started } from './fixtures/billing.service.js';

interface Strategy {
  createServiceMethod(...parts: readonly unknown[]): Serve;
}
type Serve = (call: NodeJS.EventEmitter, ...rest: readonly unknown[]) => unknown;

@Controller()
class Upload {
  @RequirePermissions('billing:invoice:create')
  @GrpcStreamMethod('Billing', 'Upload')
  upload(invoices: Observable<Invoice>): Observable<Invoice> {
    return invoices.pipe(last());
  }
}

@Controller()
class SameName {
  @RequirePermissions('billing:invoice:read')
  @GrpcStreamMethod('acme.billing.v1.Billing', 'Upload')
  upload(invoices: Observable<Invoice>): Observable<Invoice> {
    return invoices.pipe(last());
  }
}

@Controller()
class Bare {
  @GrpcStreamMethod('Billing', 'Upload')
  upload(invoices: Observable<Invoice>): Observable<Invoice> {
    return invoices.pipe(last());
  }
}

let issuer: LiveIssuer;
let started: Started;
/** Calls, and their messages, that Nest was handed. */
let handed = 0;
let kept = 0;
/** Whether a guard has begun, and how it is let go on. */
let deciding = false;
let decide = (): void => undefined;

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
});

afterEach(async () => {
  await started.close();
});

afterAll(async () => {
  await issuer.close();
});

function slowly(): Promise<void> {
  deciding = true;
  return new Promise((resolve) => (decide = resolve));
}

async function begin(application: Type): Promise<void> {
  handed = kept = 0;
  deciding = false;
  started = await start(application, {
    change: (app) => {
      const strategy = Reflect.get(app.getMicroservices()[0]!, 'serverInstance') as Strategy;
      const create = strategy.createServiceMethod.bind(strategy);
      strategy.createServiceMethod = (...parts) => {
        const serve = create(...parts);
        return (stream, ...rest) => {
          handed += 1;
          stream.on('data', () => (kept += 1));
          return serve(stream, ...rest);
        };
      };
    },
  });
}

describe('What a stranger streams while it is decided whether they may', () => {
  it('is kept by Nest, without a bound, where a guard of the usual kind decides', async () => {
    class Slow implements CanActivate {
      async canActivate(): Promise<boolean> {
        await slowly();
        throw new UnauthorizedException();
      }
    }
    @Module({ controllers: [Bare], providers: [{ provide: APP_GUARD, useClass: Slow }] })
    class Application {}
    await begin(Application);
    const answer = call(started.grpc, 'Upload');
    await until('a guard decides and a message came', () => deciding && kept === 1);
    decide();
    expect(await answer).toMatchObject({ code: status.UNKNOWN });
  });

  it('is not even read here', async () => {
    const { helpBase, expiryLeewaySeconds } = issuer.verifier;
    const slow: Verifier = {
      helpBase,
      expiryLeewaySeconds,
      prepare: () => Promise.resolve(),
      close: () => undefined,
      verify: async (token) => {
        await slowly();
        return issuer.verifier.verify(token);
      },
    };
    @Module({ imports: [CountersignModule.forRoot({ verifier: slow })], controllers: [Upload] })
    class Application {}
    await begin(Application);
    const refused = call(started.grpc, 'Upload', { authorization: issuer.bearer() });
    await until('it is being decided', () => deciding);
    decide();
    expect(await refused).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
    expect({ handed, kept }).toEqual({ handed: 0, kept: 0 });

    deciding = false;
    const taken = call(started.grpc, 'Upload', { authorization: issuer.bearer({ permissions: ['billing:invoice:create'] }) });
    await until('it is being decided', () => deciding);
    expect(kept).toBe(0);
    decide();
    expect(await taken).toMatchObject({ code: status.OK, messages: [{ id: '7' }] });
  });

  it('two handlers that a method may lead to keep the application from starting', async () => {
    @Module({ imports: [CountersignModule.forRoot({ verifier: issuer.verifier })], controllers: [Upload, SameName] })
    class Application {}
    await expect(begin(Application)).rejects.toThrow(/Upload: which handler it leads to cannot be told/);
  });
});
