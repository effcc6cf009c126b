/**
 * A small Nest service over HTTP and gRPC that trusts Countersign and nobody else. Copy it: what guards it is one module and a decision
 * above each handler, of `@countersign/sdk/nestjs`.
 */
import { join } from 'node:path';
import { Controller, type DynamicModule, Get, type INestApplication, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Payload, Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import * as countersign from '#clients/sdk/nestjs/main.js';

interface Order {
  readonly order: string;
}

export interface DownstreamOptions {
  /** `iss` of Countersign, exactly. */
  readonly issuer: string;
  /** `aud` under which this service is registered there, exactly. */
  readonly audience: string;
  /** `host:port` for gRPC. */
  readonly grpc: string;
}

@Controller('invoices')
class InvoicesOverHttp {
  @countersign.RequirePermissions('billing:invoice:read')
  @Get(':order')
  read(@Param('order') order: string, @countersign.CurrentSubject() { subject }: countersign.VerifiedToken): object {
    return { invoice: `invoice-of-${order}`, subject };
  }

  @countersign.Public()
  @Get()
  health(): object {
    return { ok: true };
  }
}

@Controller()
class InvoicesOverGrpc {
  @countersign.RequirePermissions('billing:invoice:read')
  @GrpcMethod('Invoices', 'GetInvoice')
  read(@Payload() { order }: Order, @countersign.CurrentSubject() { subject }: countersign.VerifiedToken): object {
    return { invoice: `invoice-of-${order}`, subject };
  }

  @countersign.RequirePermissions('billing:invoice:create')
  @countersign.RequireStepUp({ maxAgeSeconds: 300 })
  @GrpcMethod('Invoices', 'CreateInvoice')
  create({ order }: Order): object {
    return { invoice: `invoice-of-${order}` };
  }
}

@Module({})
class Downstream {
  static guardedBy(guard: DynamicModule): DynamicModule {
    return { module: Downstream, imports: [guard], controllers: [InvoicesOverHttp, InvoicesOverGrpc] };
  }
}

/** Made, and not started. */
export async function createDownstream({ issuer, audience, grpc }: DownstreamOptions): Promise<INestApplication> {
  const guard = countersign.CountersignModule.forRoot({ issuer, audience, realm: 'invoices' });
  const app = await NestFactory.create(Downstream.guardedBy(guard), new FastifyAdapter(), { logger: ['error', 'warn'] });
  const options = { package: 'acme.invoices.v1', protoPath: join(import.meta.dirname, 'invoices.proto'), url: grpc };
  // Without `inheritAppConfig` Nest would ask no global guard over gRPC. Leave it out, and the application does not start.
  app.connectMicroservice({ transport: Transport.GRPC, options }, { inheritAppConfig: true });
  return app;
}
