import type { DefaultIssuerAccess } from './default.issuer.access.js';

const LOOK_EVERY_MS = 10_000;

/** Looks at short intervals for key sets that are due. It never keeps a process alive. */
export class KeyRefreshTimer {
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly deps: { readonly access: Pick<DefaultIssuerAccess, 'refreshDueKeySets'> }) {}

  onApplicationBootstrap(): void {
    this.timer ??= setInterval(() => this.deps.access.refreshDueKeySets(), LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
