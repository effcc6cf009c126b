import 'reflect-metadata';
import { type Access, steppedUp } from '../access.js';
import type { StepUp } from '../step-up.js';

export const ACCESS: unique symbol = Symbol('countersign.access');
export const STEP_UP: unique symbol = Symbol('countersign.step-up');

/** As a decorator is told: a class, or a method of a prototype. */
export interface Decorated {
  readonly target: object;
  readonly key?: string | symbol | undefined;
  readonly descriptor?: PropertyDescriptor | undefined;
}

interface Decision {
  readonly as: symbol;
  readonly value: unknown;
}

/** By prototype, what was decided for its methods by name. */
const WRITTEN = new WeakMap<object, (Decision & { readonly key: string | symbol | undefined })[]>();

/**
 * Writes down on a handler or a class of handlers what was decided for it.
 *
 * @throws TypeError when that was decided already
 */
export function mark({ target, key, descriptor }: Decorated, { as, value }: Decision): void {
  const method: unknown = descriptor?.value;
  const on = typeof method === 'function' ? method : target;
  // SECURITY: of two decisions the one that is written higher would win in silence.
  if (Reflect.hasOwnMetadata(as, on)) throw new TypeError('it was decided twice who may call a handler');
  Reflect.defineMetadata(as, value, on);
  if (on !== target) WRITTEN.set(target, [...(WRITTEN.get(target) ?? []), { key, as, value }]);
}

/**
 * Whether something was decided for the method that this handler has the place of, and the handler does not know it. SECURITY: a decorator
 * between the two may put a function of its own in its place; what was decided for the class would win in silence.
 */
export function hasLostDecision(handler: object, controller: object): boolean {
  const first: unknown = Reflect.get(controller, 'prototype');
  for (let at = first as object | null; at !== null; at = Reflect.getPrototypeOf(at)) {
    for (const { key = '', as, value } of WRITTEN.get(at) ?? []) {
      const isThere = Reflect.getOwnPropertyDescriptor(at, key)?.value === handler;
      if (isThere && Reflect.getMetadata(as, handler) !== value) return true;
    }
  }
  return false;
}

const DECIDED = new WeakMap<object, WeakMap<object, { readonly access: Access | undefined }>>();

/** What was decided for a handler, or else for its class; `undefined`: nothing. @throws TypeError when what was decided makes no sense together */
export function accessOf(handler: object, controller: object): Access | undefined {
  // Kept, so that a handler has one decision, and a request that several guards see is judged once.
  const handlers = DECIDED.get(controller) ?? new WeakMap<object, { readonly access: Access | undefined }>();
  DECIDED.set(controller, handlers);
  const known = handlers.get(handler) ?? { access: readAccess(handler, controller) };
  handlers.set(handler, known);
  return known.access;
}

function readAccess(handler: object, controller: object): Access | undefined {
  // SECURITY: what was decided for a class says nothing of the handlers that another class adds to it. What is demanded beside it stays.
  const access = (Reflect.getMetadata(ACCESS, handler) ?? Reflect.getOwnMetadata(ACCESS, controller)) as Access | undefined;
  const stepUp = (Reflect.getMetadata(STEP_UP, handler) ?? Reflect.getMetadata(STEP_UP, controller)) as StepUp | undefined;
  return access === undefined || stepUp === undefined ? access : steppedUp(access, stepUp);
}
