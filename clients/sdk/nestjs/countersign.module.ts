import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { GrpcGuardSettings } from '../grpc/grpc-guard.js';
import { createVerifier, type Verifier, type VerifierOptions } from '../verifier.js';
import { Admission, ADMISSION } from './admission.js';
import { BootAudit } from './boot-audit.js';
import { CountersignGuard } from './countersign.guard.js';
import { GrpcErrorsFilter } from './grpc-errors.filter.js';
import { RefusalFilter } from './refusal.filter.js';

/** The options of a verifier, or one that is closed elsewhere; and how to say no. */
export type CountersignModuleOptions = Omit<GrpcGuardSettings, 'verifier'> & (VerifierOptions | { readonly verifier: Verifier });

/** For handlers that want more of it than the guard does. */
export const VERIFIER: unique symbol = Symbol('countersign.verifier');
const END = Symbol('countersign.end');

/** Guards every handler of the application, over HTTP and gRPC, and does not let it start where one is unguarded. */
@Global()
@Module({})
export class CountersignModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(VERIFIER) private readonly verifier: Verifier,
    @Inject(END) private readonly end: () => void,
  ) {}

  /** @throws TypeError when the options would leave something open, or could not be written into a header */
  static forRoot(options: CountersignModuleOptions): DynamicModule {
    const isOwn = !('verifier' in options);
    const verifier = isOwn ? createVerifier(options) : options.verifier;
    const end = (): void => {
      if (isOwn) verifier.close();
    };
    const { realm, resourceMetadata, streamsOutliveTokens } = options;
    return {
      module: CountersignModule,
      providers: [
        { provide: VERIFIER, useValue: verifier },
        { provide: END, useValue: end },
        { provide: ADMISSION, useValue: new Admission({ verifier, realm, resourceMetadata, streamsOutliveTokens }) },
        { provide: APP_GUARD, useClass: CountersignGuard },
        // Of two filters that would take an error, Nest asks the later one.
        { provide: APP_FILTER, useClass: GrpcErrorsFilter },
        { provide: APP_FILTER, useClass: RefusalFilter },
        BootAudit,
      ],
      exports: [VERIFIER, ADMISSION],
    };
  }

  /** The first request need not wait. */
  async onModuleInit(): Promise<void> {
    await this.verifier.prepare();
  }

  onApplicationShutdown(): void {
    this.end();
  }
}
