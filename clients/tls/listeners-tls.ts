import type { ListenerSettings } from '#utilities/config/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import { ReloadedTls } from './reloaded-tls.js';

/** TLS of both ports; `null`: plaintext. */
export interface ListenersTls {
  readonly http: ReloadedTls | null;
  readonly grpc: ReloadedTls | null;
  start(): void;
  stop(): void;
  reload(): Promise<void>;
}

interface Listeners {
  readonly http: ListenerSettings;
  readonly grpc: ListenerSettings;
}

/** @throws CodedError `CONFIG_INVALID` */
export function openListenersTls(settings: Listeners, logger: Logger): ListenersTls {
  const open = (listener: 'http' | 'grpc'): ReloadedTls | null => {
    const { tls } = settings[listener];
    return tls === null ? null : new ReloadedTls({ listener, settings: tls, logger });
  };
  const [http, grpc] = [open('http'), open('grpc')];
  const all = [http, grpc].filter((each) => each !== null);
  return {
    http,
    grpc,
    start: () => {
      for (const each of all) each.start();
    },
    stop: () => {
      for (const each of all) each.stop();
    },
    reload: async () => {
      await Promise.all(all.map((each) => each.reload()));
    },
  };
}
