import type { Access } from '../access.js';
import { CountersignError } from '../countersign-error.js';
import { GrpcGuard, type GrpcGuardSettings } from '../grpc/grpc-guard.js';
import { HttpGuard } from '../http/http-guard.js';
import type { Subject } from './guarded-context.js';

export const ADMISSION: unique symbol = Symbol('countersign.admission');

/** Lets requests of both protocols in, each once, however many guards ask. */
export class Admission {
  readonly http: HttpGuard;
  readonly grpc: GrpcGuard;
  private readonly settled = new WeakMap<object, Access>();

  /** @throws TypeError when the settings could not be written into a header */
  constructor(options: GrpcGuardSettings) {
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
    else await this.admitCall(subject, access);
    this.settled.set(subject.key, access);
  }

  private async admitCall({ key, call }: Subject & { readonly kind: 'grpc' }, access: Access): Promise<void> {
    const token = await this.grpc.admit(key, call, access);
    if (token === null || !isStream(call)) return;
    const forgetEnd = this.grpc.endWith(token, (refusal) => call.emit('error', this.grpc.refusalOf(refusal)));
    call.once('close', forgetEnd);
    call.once('cancelled', forgetEnd);
  }
}

/** Unary calls are over when their handler is. */
function isStream(call: object): boolean {
  return 'write' in call;
}
