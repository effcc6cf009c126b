import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Access } from '../access.js';
import { ADMISSION, Admission } from './admission.js';
import { accessOf } from './decisions.js';
import { subjectOf } from './guarded-context.js';

/** Lets in who may; throws for everybody else. It never answers `false`, which Nest would make UNKNOWN over gRPC. */
@Injectable()
export class CountersignGuard implements CanActivate {
  private readonly decisions = new Map<object, Map<object, Access | undefined>>();

  constructor(@Inject(ADMISSION) private readonly admission: Admission) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    await this.admission.admit(subjectOf(context), this.decisionFor(context.getHandler(), context.getClass()));
    return true;
  }

  /** Kept, so that a handler has one decision and a request that two guards see is judged once. */
  private decisionFor(handler: object, controller: object): Access | undefined {
    const handlers = this.decisions.get(controller) ?? new Map<object, Access | undefined>();
    this.decisions.set(controller, handlers);
    if (!handlers.has(handler)) handlers.set(handler, accessOf(handler, controller));
    return handlers.get(handler);
  }
}
