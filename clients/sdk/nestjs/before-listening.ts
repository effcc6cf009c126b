import { ApplicationConfig } from '@nestjs/core';
import { NestMicroservice } from '@nestjs/microservices';

/** What is asked of a server of messages before its port opens. */
export interface ListeningServer {
  /** What Nest calls the strategy: it holds the port. */
  readonly strategy: object;
  /** Whether it has the guards and filters of its application. */
  readonly inherits: boolean;
}

type Check = (server: ListeningServer) => void;

interface Application {
  readonly config: object;
  readonly check: Check;
}

const APPLICATIONS = new WeakMap<object, Application>();
const CHECKED = new WeakSet();

/**
 * Answers the settings of the application, and calls `check` for every gRPC, TCP or other server of this application before it listens. What it throws is why it does not.
 *
 * @throws Error when this Nest keeps its things elsewhere, so that nothing could be checked; when there is a check already
 */
export function checkBeforeListening(container: unknown, check: Check): ApplicationConfig {
  const config: unknown = isObject(container) ? Reflect.get(container, 'applicationConfig') : undefined;
  if (!isObject(container) || !(config instanceof ApplicationConfig))
    throw new Error('this version of Nest keeps its settings elsewhere');
  // SECURITY: which issuer and audience are a handler's could not be told.
  if (APPLICATIONS.has(container)) throw new Error('CountersignModule.forRoot() is imported twice: import it once');
  APPLICATIONS.set(container, { config, check });
  return config;
}

/** SECURITY: a server that starts in another way than by `listen` of Nest's own is not checked, and so does not listen. */
export function refuseUnchecked(strategy: object): void {
  const listen: unknown = Reflect.get(strategy, 'listen');
  if (typeof listen !== 'function') throw new Error('a server of messages without a listen');
  const guarded = (callback: (error?: unknown, ...rest: unknown[]) => void): void => {
    if (!CHECKED.has(strategy)) {
      callback(new Error('Countersign could not look at this server before it listens'));
      return;
    }
    Reflect.apply(listen, strategy, [callback]);
  };
  Reflect.set(strategy, 'listen', guarded);
}

// `connectMicroservice` hands nobody what it made, and the hooks of an application run after `startAllMicroservices`, when its ports are
// open. So the one way to a port is stood at; an application that this package does not guard passes as if nothing were there.
// eslint-disable-next-line @typescript-eslint/unbound-method -- called on whatever it is called on
const { listen } = NestMicroservice.prototype;
NestMicroservice.prototype.listen = async function listenChecked(this: NestMicroservice): Promise<unknown> {
  const application = APPLICATIONS.get(Reflect.get(this, 'container') as object);
  if (application !== undefined) {
    const strategy = Reflect.get(this, 'serverInstance') as object;
    application.check({ strategy, inherits: Reflect.get(this, 'applicationConfig') === application.config });
    CHECKED.add(strategy);
  }
  return Reflect.apply(listen, this, []);
};

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
