import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { ACCESS, type Access } from '#clients/access.decorators.js';
import { AppModule } from '#clients/app.module.js';
import type { Foundations } from '#clients/plugins.module.js';

export interface RestHandler {
  /** With `:name` where a name is to be put in. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'ALL';
  readonly access: Access;
}

/** Every handler of every controller over HTTP, as Nest was told of them. */
export function restHandlers(): readonly RestHandler[] {
  const { controllers = [] } = AppModule.register({} as Foundations);
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as object;
    const members = Object.entries<PropertyDescriptor>(Object.getOwnPropertyDescriptors(prototype));
    return members.flatMap(([name, { value }]) =>
      name === 'constructor' ? [] : handlerIn(controller, value as object | undefined),
    );
  });
}

function handlerIn(controller: object, handler: object | undefined): RestHandler[] {
  if (handler === undefined) return [];
  const path = Reflect.getMetadata('path', handler) as string | undefined;
  const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
  if (path === undefined || method === undefined) return [];
  const access = (Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, controller)) as Access;
  const whole = `/${Reflect.getMetadata('path', controller) as string}/${path}`.replaceAll(/\/+/g, '/');
  return [
    { path: whole.length > 1 ? whole.replace(/\/$/, '') : whole, method: RequestMethod[method] as RestHandler['method'], access },
  ];
}
