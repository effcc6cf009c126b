import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { Access } from '../access.js';
import { ADMISSION, Admission } from './admission.js';
import { checkBeforeListening, type ListeningServer, refuseUnchecked } from './before-listening.js';
import { CountersignGuard } from './countersign.guard.js';
import { accessOf, hasLostDecision } from './decisions.js';
import { GrpcErrorsFilter } from './grpc-errors.filter.js';
import { type Handler, handlersIn, handlersOfRpc } from './handlers.js';
import { RefusalFilter } from './refusal.filter.js';
import { admitStreamsFirst } from './request-streams.js';

/** Why an application does not start: each fault names the handler, says what would happen, and what to write. */
export class BootAuditError extends Error {
  override readonly name = 'BootAuditError';

  constructor(readonly faults: readonly string[]) {
    super(`Countersign does not let this application start:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
  }
}

const DECORATORS = "@RequirePermissions('app:thing:verb'), @AnyAuthenticated() or @Public()";

/**
 * Looks at every handler and every server before a port opens. SECURITY: each trap that it knows leaves a handler open, or lets a
 * stranger end the process, and none of them shows in a test of the handler.
 */
@Injectable()
export class BootAudit implements OnApplicationBootstrap {
  private readonly config: ApplicationConfig;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ADMISSION) private readonly admission: Admission,
  ) {
    const container: unknown = Reflect.get(moduleRef, 'container');
    this.config = checkBeforeListening(container, (server) => {
      this.checkServer(server);
    });
    modules.getRpcTargetRegistry<object>().subscribe(refuseUnchecked);
  }

  /** Before HTTP listens. */
  onApplicationBootstrap(): void {
    refuseFaults([...this.handlerFaults(), ...this.applicationFaults()]);
  }

  private checkServer({ strategy, inherits }: ListeningServer): void {
    const faults = [...this.handlerFaults(), ...this.applicationFaults()];
    if (!inherits) faults.push(NOT_INHERITED);
    refuseFaults(faults);
    admitStreamsFirst(strategy, {
      admission: this.admission,
      accessTo: (path) => this.accessTo(path),
      bidirectional: (path) => new BootAuditError([`${path}: ${BIDIRECTIONAL}`]),
    });
  }

  private accessTo(path: string): Access | undefined {
    const [handler, ...others] = handlersOfRpc(handlersIn(this.modules), path);
    if (handler === undefined || others.length > 0) throw new BootAuditError([`${path}: ${AMBIGUOUS}`]);
    return accessOf(handler.method, handler.controller);
  }

  private handlerFaults(): string[] {
    return handlersIn(this.modules).flatMap((handler) => {
      const fault = faultOf(handler);
      return fault === undefined ? [] : [`${handler.name} (${handler.reachedBy}): ${fault}`];
    });
  }

  private applicationFaults(): string[] {
    const has = (list: readonly unknown[], kind: new (...parts: never[]) => unknown): boolean =>
      list.some((one) => one instanceof kind);
    const filters = this.config.getGlobalFilters();
    return [
      ...(has(this.config.getGlobalGuards(), CountersignGuard)
        ? []
        : ['its guard was taken out of the application: put it back']),
      ...(has(filters, RefusalFilter) && has(filters, GrpcErrorsFilter)
        ? []
        : ['its filters were taken out of the application, so that a refusal would be UNKNOWN over gRPC: put them back']),
    ];
  }
}

const NOT_INHERITED =
  'a server made by connectMicroservice() has none of the guards and filters of the application. Write ' +
  'app.connectMicroservice(options, { inheritAppConfig: true })';

const BIDIRECTIONAL =
  'streams in both directions; handlers of Nest are guarded where they are unary or stream in one. Declare it so, or serve it from a ' +
  'bare grpc-js server with countersignInterceptor';

const AMBIGUOUS = 'which handler it leads to cannot be told. Name its service with its package, in one decorator alone';

function faultOf({ kind, method, controller }: Handler): string | undefined {
  if (hasLostDecision(method, controller))
    return 'another decorator has put its own function in the place of the one that was decided on. Write the decision above it';
  let access: Access | undefined;
  try {
    access = accessOf(method, controller);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (access === undefined) return `nobody has decided who may call it. Write ${DECORATORS}`;
  if (kind === 'grpc-stream-call')
    return 'a guard that refuses a @GrpcStreamCall() handler ends the process. Write @GrpcMethod() and answer an Observable';
  if (kind === 'message' && access.kind !== 'open')
    return 'a message has no place for a token. Reach it over HTTP or gRPC, or write @Public() and let the broker decide';
  return undefined;
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new BootAuditError(faults);
}
