import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ADMISSION, Admission } from './admission.js';
import { accessOf } from './decisions.js';
import { subjectOf } from './guarded-context.js';

/** Lets in who may; throws for everybody else. It never answers `false`, which Nest would make UNKNOWN over gRPC. */
@Injectable()
export class CountersignGuard implements CanActivate {
  constructor(@Inject(ADMISSION) private readonly admission: Admission) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    await this.admission.admit(subjectOf(context), accessOf(context.getHandler(), context.getClass()));
    return true;
  }
}
