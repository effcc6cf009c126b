import { createParamDecorator, type ExecutionContext, UseFilters, UseGuards } from '@nestjs/common';
import { type Access, authenticated, open, permissions } from '../access.js';
import { admittedToken } from '../admitted-tokens.js';
import { checkStepUp, type StepUp } from '../step-up.js';
import type { VerifiedToken } from '../verified-token.js';
import { CountersignGuard } from './countersign.guard.js';
import { ACCESS, mark, STEP_UP } from './decisions.js';
import { subjectOf } from './guarded-context.js';
import { RefusalFilter } from './refusal.filter.js';

type ForClassOrMethod = ClassDecorator & MethodDecorator;

/**
 * Whoever holds every one of them may. On a method it wins over what its class says.
 *
 * @throws TypeError when none is named, or what is named is no permission
 */
export function RequirePermissions(...names: readonly string[]): ForClassOrMethod {
  return decided(permissions(...names));
}

/** Whoever has a good token of this audience may, whatever it holds. */
export function AnyAuthenticated(): ForClassOrMethod {
  return decided(authenticated());
}

/** Everybody may, without a token. */
export function Public(): ForClassOrMethod {
  return decided(open());
}

/**
 * Beside one of the others: by a user who signed in strongly or lately enough (RFC 9470).
 *
 * @throws TypeError when nothing is demanded
 */
export function RequireStepUp(stepUp: StepUp): ForClassOrMethod {
  checkStepUp(stepUp);
  return decorating((target, key, descriptor) => {
    mark({ target, key, descriptor }, { as: STEP_UP, value: stepUp });
  });
}

/** Who makes the request: the verified token of a handler that is not public. */
export const CurrentSubject = createParamDecorator((_data: unknown, context: ExecutionContext): VerifiedToken => {
  const token = admittedToken(subjectOf(context)?.key ?? context);
  if (token === undefined) throw new TypeError('a public handler has no subject');
  return token;
});

/**
 * SECURITY: the guard comes with the decision, not only with the application: a gRPC server that does not inherit the guards of its
 * application runs it all the same, and where the module is missing the guard cannot be made and nothing starts.
 */
function decided(access: Access): ForClassOrMethod {
  const enhancers = [UseGuards(CountersignGuard), UseFilters(RefusalFilter)] as unknown as readonly AnyDecorator[];
  return decorating((target, key, descriptor) => {
    mark({ target, key, descriptor }, { as: ACCESS, value: access });
    for (const enhance of enhancers) enhance(target, key, descriptor);
  });
}

type AnyDecorator = (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => void;

function decorating(decorate: AnyDecorator): ForClassOrMethod {
  return decorate;
}
