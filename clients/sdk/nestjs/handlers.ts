import { RequestMethod } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';

/** A method of a controller that something from outside can call. */
export interface Handler {
  readonly controller: object;
  readonly method: object;
  /** `BillingController.getInvoice`. */
  readonly name: string;
  /** `gRPC Billing/GetInvoice`, `GET /invoices`. */
  readonly reachedBy: string;
  /** Of gRPC, as the decorator names it: the service with or without its package. */
  readonly rpc?: { readonly service: string; readonly rpc: string };
  readonly kind: 'http' | 'grpc' | 'grpc-stream' | 'grpc-stream-call' | 'message';
}

interface GrpcPattern {
  readonly service: string;
  readonly rpc: string;
  readonly streaming?: string;
}

/** Where the decorators of Nest write down what they say. */
const PATH = 'path';
const METHOD = 'method';
const PATTERN = 'microservices:pattern';
const TRANSPORT = 'microservices:transport';

const STREAM_KINDS: Readonly<Record<string, Handler['kind']>> = { rx_stream: 'grpc-stream', pt_stream: 'grpc-stream-call' };

export function handlersIn(modules: ModulesContainer): readonly Handler[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => (typeof metatype === 'function' ? handlersOf(metatype) : []));
}

function handlersOf(controller: object & { readonly name: string; readonly prototype?: unknown }): readonly Handler[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((key) => {
    const method = prototype[key];
    if (typeof method !== 'function') return [];
    const named = { controller, method, name: `${controller.name}.${key}` };
    return [...overHttp(method), ...byMessage(method)].map((reached) => ({ ...named, ...reached }));
  });
}

type Reached = Pick<Handler, 'kind' | 'reachedBy' | 'rpc'>;

function overHttp(method: object): readonly Reached[] {
  const path: unknown = Reflect.getMetadata(PATH, method);
  if (path === undefined) return [];
  const verb = RequestMethod[Reflect.getMetadata(METHOD, method) as RequestMethod];
  return [{ kind: 'http', reachedBy: `${verb} ${JSON.stringify(path)}` }];
}

function byMessage(method: object): readonly Reached[] {
  const patterns: unknown = Reflect.getMetadata(PATTERN, method);
  if (!Array.isArray(patterns)) return [];
  const transport: unknown = Reflect.getMetadata(TRANSPORT, method);
  return patterns.map((pattern: unknown): Reached => {
    // A pattern for every transport reaches a gRPC server too, if it looks like one of its own.
    if (!isGrpc(pattern) || (transport !== Transport.GRPC && transport !== undefined))
      return { kind: 'message', reachedBy: `message ${JSON.stringify(pattern)}` };
    const kind = STREAM_KINDS[pattern.streaming ?? ''] ?? 'grpc';
    return { kind, reachedBy: `gRPC ${pattern.service}/${pattern.rpc}`, rpc: pattern };
  });
}

function isGrpc(pattern: unknown): pattern is GrpcPattern {
  return typeof pattern === 'object' && pattern !== null && 'service' in pattern && 'rpc' in pattern;
}

/** Those that a method of a gRPC server may lead to, by its full name. */
export function handlersOfRpc(handlers: readonly Handler[], path: string): readonly Handler[] {
  const [, service = '', name = ''] = path.split('/');
  return handlers.filter(({ rpc }) => rpc?.rpc === name && (service === rpc.service || service.endsWith(`.${rpc.service}`)));
}
