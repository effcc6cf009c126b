import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { AuthorizationManager, Operator } from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { ACCESS, type Access } from '../access.decorators.js';
import { operatorToken } from '../bearer-token.js';
import { presentedKeys } from './presented-keys.js';
import { soleAuthorization } from './sole-authorization.js';

/** Operators of requests under way; kept apart from the request so that nothing a caller sends can stand for one. */
const operators = new WeakMap<FastifyRequest, Operator>();

/** The operator that the guard let in. @throws CodedError `OPERATOR_UNAUTHENTICATED` where it let nobody in */
export function operatorOf(request: FastifyRequest): Operator {
  const operator = operators.get(request);
  if (operator === undefined) throw new CodedError('OPERATOR_UNAUTHENTICATED');
  return operator;
}

/**
 * Stands before every handler of every controller and refuses what is not marked: a handler that is added later and forgotten
 * is closed, not open. gRPC calls were authenticated by the interceptor before they came here.
 */
export class AccessGuard implements CanActivate {
  private readonly known = new Map<unknown, Access>();

  constructor(
    private readonly reflector: Reflector,
    private readonly manager: AuthorizationManager,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessOf(context);
    if (access.kind === 'open') return true;
    if (context.getType() === 'rpc') return true;
    return this.admit(context.switchToHttp().getRequest<FastifyRequest>(), access.permission);
  }

  private async admit(request: FastifyRequest, permission: string): Promise<boolean> {
    const context = { diagnosticId: request.id, transport: 'rest' } as const;
    const token = operatorToken(soleAuthorization(request), presentedKeys(request));
    const operator = await this.manager.authorizeOperator(context, token, permission);
    operators.set(request, operator);
    return true;
  }

  private accessOf(context: ExecutionContext): Access {
    const handler = context.getHandler();
    const known = this.known.get(handler);
    if (known !== undefined) return known;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler, context.getClass()]);
    if (access === undefined) throw new CodedError('INTERNAL', { internal: 'the handler does not say who may call it' });
    this.known.set(handler, access);
    return access;
  }
}
