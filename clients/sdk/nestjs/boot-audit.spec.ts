import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  Injectable,
  Module,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod, MessagePattern, Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Observable, of } from 'rxjs';
import { freePort, isFree } from '../../../devkit/free-port.js';
import { AUDIENCE, StandInIssuer } from '../fixtures/stand-in.issuer.js';
import { AnyAuthenticated, Public, RequirePermissions, RequireStepUp } from './access.decorators.js';
import { BootAuditError } from './boot-audit.js';
import { CountersignModule } from './countersign.module.js';
import { call, grpcOptions, type Invoice, start, type StartOptions, type Started } from './fixtures/billing.service.js';

/** What the trap is, in an application that has a guard of the usual kind and nothing of ours. */
@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

@Controller()
class Decided {
  @RequirePermissions('billing:invoice:read')
  @GrpcMethod('Billing', 'GetInvoice')
  get(invoice: Invoice): Invoice {
    return invoice;
  }
}

@Controller()
class Undecided {
  @GrpcMethod('Billing', 'GetInvoice')
  get(invoice: Invoice): Invoice {
    return invoice;
  }
}

@Controller()
class UndecidedRoute {
  @Get('invoices')
  list(): string {
    return 'open';
  }
}

@Controller()
class Crashing {
  @AnyAuthenticated()
  @GrpcStreamCall('Billing', 'Talk')
  talk(): Observable<Invoice> {
    return of({ id: '7' });
  }
}

@Controller()
class CrashingBare {
  @GrpcStreamCall('Billing', 'Talk')
  talk(): Observable<Invoice> {
    return of({ id: '7' });
  }
}

@Controller()
class BothWays {
  @AnyAuthenticated()
  @GrpcStreamMethod('Billing', 'Talk')
  talk(messages: Observable<Invoice>): Observable<Invoice> {
    return messages;
  }
}

@Controller()
class Messages {
  @AnyAuthenticated()
  @MessagePattern('invoice.made', Transport.TCP)
  made(): void {
    // Nothing to do.
  }
}

@Controller()
class OpenAndSteppedUp {
  @Public()
  @RequireStepUp({ maxAgeSeconds: 60 })
  @Get('both')
  list(): string {
    return 'open';
  }
}

/** As many decorators do it that cache, trace or try again. */
const wrapped: MethodDecorator = (_target, _key, descriptor) => {
  const { value } = descriptor as { value?: unknown };
  const wrapper = (): unknown => (value as () => unknown)();
  Object.assign(descriptor, { value: wrapper });
};

@AnyAuthenticated()
@Controller()
class Wrapped {
  @Get('gone')
  @wrapped
  @RequirePermissions('billing:invoice:delete')
  gone(): string {
    return 'gone';
  }

  @Get('salaries')
  @wrapped
  @RequireStepUp({ maxAgeSeconds: 60 })
  salaries(): string {
    return 'salaries';
  }

  @Get('kept')
  @RequirePermissions('billing:invoice:delete')
  @wrapped
  kept(): string {
    return 'kept';
  }
}

interface Strategy {
  createServiceMethod(...parts: readonly unknown[]): (...args: readonly unknown[]) => Promise<unknown>;
}

let issuer: StandInIssuer;
let started: Started | undefined;

beforeAll(async () => {
  issuer = await new StandInIssuer().open();
});

afterEach(async () => {
  await started?.close();
  started = undefined;
});

afterAll(async () => {
  await issuer.close();
});

function unguarded(...controllers: readonly Type[]): Type {
  @Module({ controllers: [...controllers], providers: [{ provide: APP_GUARD, useClass: RefusingGuard }] })
  class Application {}
  return Application;
}

function guarded(...controllers: readonly Type[]): Type {
  const countersign = CountersignModule.forRoot({ issuer: issuer.issuer, audience: AUDIENCE });
  @Module({ imports: [countersign], controllers: [...controllers] })
  class Application {}
  return Application;
}

async function refusalOf(module: Type, options?: StartOptions): Promise<string> {
  const outcome = await start(module, options).then(
    (application) => (started = application),
    (error: unknown) => error,
  );
  if (!(outcome instanceof BootAuditError)) throw new Error(`it is no refusal: ${String(outcome)}`);
  return outcome.message;
}

describe('A hybrid application without inheritAppConfig', () => {
  it('does not ask its global guards over gRPC', async () => {
    started = await start(unguarded(Undecided), { inheritAppConfig: false });
    expect(await call(started.grpc, 'GetInvoice')).toMatchObject({ code: status.OK, messages: [{ id: '7' }] });
  });

  it('does not start, and its gRPC port never opens', async () => {
    const port = await freePort();
    const message = await refusalOf(guarded(Decided), {
      inheritAppConfig: false,
      change: (app) => void app.connectMicroservice(grpcOptions(`127.0.0.1:${port}`), { inheritAppConfig: false }),
    });
    expect(message).toContain('app.connectMicroservice(options, { inheritAppConfig: true })');
    expect(await isFree(port)).toBe(true);
  });

  it('would guard what is decided all the same', async () => {
    const port = await freePort();
    const app = await NestFactory.create(guarded(Decided), new FastifyAdapter(), { logger: false, abortOnError: false });
    const server = app.connectMicroservice(grpcOptions(`127.0.0.1:${port}`), { inheritAppConfig: false });
    const strategy = Reflect.get(server, 'serverInstance') as { start(): Promise<void>; createClient(): Promise<unknown> };
    // Past the audit, by the parts of Nest that listen.
    Object.assign(strategy, { grpcClient: await strategy.createClient() });
    await strategy.start();
    expect(await call(`127.0.0.1:${port}`, 'GetInvoice')).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
    await app.close();
  });
});

describe('A server that is started past Nest', () => {
  it('does not listen: nobody looked at it', async () => {
    const options = { ...grpcOptions(`127.0.0.1:${await freePort()}`), logger: false, abortOnError: false } as const;
    const server = await NestFactory.createMicroservice(guarded(Decided), options);
    const strategy = Reflect.get(server, 'serverInstance') as { listen(callback: (error?: unknown) => void): void };
    const error = await new Promise((resolve) => {
      strategy.listen(resolve);
    });
    expect(String(error)).toContain('could not look at this server');
    await server.close();
  });
});

describe('A handler that nobody decided', () => {
  it('is open over gRPC where there is no guard for it', async () => {
    @Module({ controllers: [Undecided, UndecidedRoute] })
    class Application {}
    started = await start(Application);
    expect(await call(started.grpc, 'GetInvoice')).toMatchObject({ code: status.OK });
    expect(await (await fetch(`${started.http}/invoices`)).text()).toBe('open');
  });

  it('keeps the application from starting, over gRPC and over HTTP, and is named', async () => {
    const message = await refusalOf(guarded(Undecided, UndecidedRoute));
    expect(message).toContain('Undecided.get (gRPC Billing/GetInvoice): nobody has decided who may call it');
    expect(message).toContain('UndecidedRoute.list (GET "invoices"): nobody has decided');
    expect(message).toContain("@RequirePermissions('app:thing:verb'), @AnyAuthenticated() or @Public()");
  });

  it('keeps an application of HTTP alone from starting, too', async () => {
    const app = await NestFactory.create(guarded(UndecidedRoute), new FastifyAdapter(), { logger: false, abortOnError: false });
    await expect(app.listen(0, '127.0.0.1')).rejects.toBeInstanceOf(BootAuditError);
    await app.close();
  });

  it('keeps a server of gRPC alone from starting, too', async () => {
    const options = { ...grpcOptions(`127.0.0.1:${await freePort()}`), logger: false, abortOnError: false } as const;
    const server = await NestFactory.createMicroservice(guarded(Undecided), options);
    await expect(server.listen()).rejects.toBeInstanceOf(BootAuditError);
  });
});

describe('A class that adds handlers to one that is open', () => {
  @Public()
  class Open {
    @Get('open')
    open(): string {
      return 'open';
    }
  }

  @Controller()
  class More extends Open {
    @Get('more')
    more(): string {
      return 'more';
    }
  }

  it('decides for itself', async () => {
    expect(await refusalOf(guarded(More))).toContain('More.more (GET "more"): nobody has decided');
  });
});

describe('An application without the filters', () => {
  it('says UNKNOWN to whom it does not know', async () => {
    started = await start(unguarded(Undecided));
    expect(await call(started.grpc, 'GetInvoice')).toMatchObject({ code: status.UNKNOWN, message: 'Internal server error' });
  });

  it.each(['globalFilters', 'globalGuards'])('does not start (%s)', async (list) => {
    const take = (app: Started['app']): void => void Reflect.set(Reflect.get(app, 'config') as object, list, []);
    expect(await refusalOf(guarded(Decided), { change: take })).toMatch(/taken out of the application.*put (it|them) back/);
  });
});

describe('A @GrpcStreamCall() handler', () => {
  it('rejects a promise that nobody looks at, which ends a process, when its guard refuses', async () => {
    const rejections: unknown[] = [];
    started = await start(unguarded(CrashingBare), {
      change: (app) => {
        const strategy = Reflect.get(app.getMicroservices()[0]!, 'serverInstance') as Strategy;
        const create = strategy.createServiceMethod.bind(strategy);
        // grpc-js calls what it is given and drops what that answers.
        strategy.createServiceMethod = (...parts) => {
          const serve = create(...parts);
          return (...args) => serve(...args).catch((error: unknown) => rejections.push(error));
        };
      },
    });
    expect(await call(started.grpc, 'Talk', {}, { milliseconds: 300 })).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      messages: [],
    });
    expect(rejections).toHaveLength(1);
  });

  it('keeps the application from starting', async () => {
    expect(await refusalOf(guarded(Crashing))).toMatch(/Crashing\.talk .*ends the process\. Write @GrpcMethod\(\)/);
  });
});

@Controller()
class ForEveryTransport {
  @RequirePermissions('billing:invoice:read')
  @MessagePattern({ service: 'Billing', rpc: 'GetInvoice', streaming: 'no_stream' })
  get(invoice: Invoice): Invoice {
    return invoice;
  }
}

describe('A pattern for every transport', () => {
  it('reaches gRPC where it looks like one of its own, and is guarded there', async () => {
    started = await start(guarded(ForEveryTransport));
    expect(await call(started.grpc, 'GetInvoice')).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
  });
});

describe('Other traps', () => {
  it('a handler that streams both ways keeps the application from starting', async () => {
    expect(await refusalOf(guarded(BothWays))).toContain('/acme.billing.v1.Billing/Talk: streams in both directions');
  });

  it('a message without a place for a token does', async () => {
    expect(await refusalOf(guarded(Messages))).toMatch(/Messages\.made .*no place for a token/);
  });

  it('a public handler that demands a sign-in does', async () => {
    expect(await refusalOf(guarded(OpenAndSteppedUp))).toMatch(/OpenAndSteppedUp\.list .*demands no sign-in/);
  });

  it('a handler in the place of the one that was decided on does: its class would decide', async () => {
    const message = await refusalOf(guarded(Wrapped));
    expect(message).toContain('Wrapped.gone (GET "gone"): another decorator has put its own function');
    expect(message).toContain('Wrapped.salaries (GET "salaries"): another decorator');
    expect(message).not.toContain('Wrapped.kept');
  });

  it('two modules for one application do: whose audience would it be?', async () => {
    const forAudience = (audience: string): DynamicModule => CountersignModule.forRoot({ issuer: issuer.issuer, audience });
    @Module({ imports: [forAudience('https://a.test'), forAudience('https://b.test')], controllers: [Decided] })
    class Application {}
    await expect(start(Application)).rejects.toThrow(/imported twice/);
  });

  it('a decision without the module is no decision: nothing starts', async () => {
    @Module({ controllers: [Decided] })
    class Application {}
    await expect(start(Application)).rejects.toThrow(/resolve dependencies/);
  });

  it('two decisions for one handler do not compile into one', () => {
    expect(() => {
      class Twice {
        @Public()
        @RequirePermissions('billing:invoice:read')
        get(): void {
          // Nothing to do.
        }
      }
      return Twice;
    }).toThrow(TypeError);
  });
});
