import type { Access } from '../access.js';
import { CountersignError } from '../countersign-error.js';
import { GrpcGuard } from '../grpc/grpc-guard.js';
import { HttpGuard, type HttpGuardOptions } from '../http/http-guard.js';
import type { Subject } from './guarded-context.js';

export const ADMISSION: unique symbol = Symbol('countersign.admission');

/** Lets requests of both protocols in, each once, however many guards ask. */
export class Admission {
  readonly http: HttpGuard;
  readonly grpc: GrpcGuard;
  private readonly settled = new WeakMap<object, Access>();

  /** @throws TypeError when the settings could not be written into a header */
  constructor(options: HttpGuardOptions) {
    this.http = new HttpGuard(options);
    this.grpc = new GrpcGuard(options);
  }

  /** @throws CountersignError for everybody who may not */
  async admit(subject: Subject | undefined, access: Access | undefined): Promise<void> {
    if (access?.kind === 'open') return;
    // SECURITY: without a place for a token nobody can be told from anybody.
    if (subject === undefined || access === undefined) throw new CountersignError('ACCESS_UNDECIDED');
    if (this.settled.get(subject.key) === access) return;
    if (subject.kind === 'http') await this.http.admit(subject.key, access);
    else await this.grpc.admit(subject.key, subject.call, access);
    this.settled.set(subject.key, access);
  }
}
