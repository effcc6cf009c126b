import { SetMetadata } from '@nestjs/common';

export const ACCESS: unique symbol = Symbol('Access');

/** Who may reach a handler. */
export type Access = { readonly kind: 'open' } | { readonly kind: 'operator'; readonly permission: string };

/** Anybody may call, or the handler authenticates its caller itself. Everything that is not marked is refused. */
export const OpenToAll = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS, { kind: 'open' } satisfies Access);

/** Only an operator whose token holds this permission of the application `countersign`. */
export const ForOperators = (permission: string): MethodDecorator =>
  SetMetadata(ACCESS, { kind: 'operator', permission } satisfies Access);
