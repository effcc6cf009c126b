import type { TlsSettings } from '#utilities/config/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { ServerTls, TlsContext } from './contract.js';
import { endOf, isSameMaterial, readTlsMaterial, readTlsMaterialNow, tlsContextOf, type TlsMaterial } from './tls-material.js';

const LOOK_EVERY_MS = 5_000;

interface Dependencies {
  /** For the log: which listener it is. */
  readonly listener: 'http' | 'grpc';
  readonly settings: TlsSettings;
  readonly logger: Logger;
}

type Taker = (context: TlsContext) => void;

/**
 * Certificate, key and authorities of one listener, looked at every few seconds. What has changed and is good serves new
 * connections; those that are open go on as they were. What is not good is logged, and what was good before stays.
 */
export class ReloadedTls implements ServerTls {
  readonly current: TlsContext;
  readonly handshake: ServerTls['handshake'];
  private material: TlsMaterial;
  /** What was refused last, so that it is logged once. */
  private refused: TlsMaterial | 'unreadable' | undefined;
  private readonly takers = new Set<Taker>();
  private timer: NodeJS.Timeout | undefined;

  /** @throws CodedError `CONFIG_INVALID` when the files are not good to begin with */
  constructor(private readonly deps: Dependencies) {
    this.material = readTlsMaterialNow(deps.settings);
    this.current = tlsContextOf(this.material);
    const { clientCertificates } = deps.settings;
    // SECURITY: with `request` anybody's certificate gets through; what it is worth is judged against a registration.
    this.handshake = { requestCert: clientCertificates !== 'none', rejectUnauthorized: clientCertificates === 'require' };
  }

  /** Looks every five seconds. It never keeps a process alive. */
  start(): void {
    this.timer ??= setInterval(() => void this.reload(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  onChange(taker: Taker): void {
    this.takers.add(taker);
  }

  /** Looks now. Never throws: what is wrong is in the log. */
  async reload(): Promise<void> {
    let found: TlsMaterial;
    try {
      found = await readTlsMaterial(this.deps.settings);
    } catch (error) {
      this.refuse('unreadable', error);
      return;
    }
    if (isSameMaterial(found, this.material)) this.refused = undefined;
    else this.take(found);
  }

  private take(found: TlsMaterial): void {
    const { listener, logger } = this.deps;
    try {
      const context = tlsContextOf(found);
      for (const taker of this.takers) taker(context);
    } catch (error) {
      this.refuse(found, error);
      return;
    }
    this.material = found;
    this.refused = undefined;
    logger.info('tls.reloaded', { listener, validTo: endOf(found) });
  }

  private refuse(found: TlsMaterial | 'unreadable', error: unknown): void {
    if (isSameRefusal(this.refused, found)) return;
    this.refused = found;
    const { listener, logger, settings } = this.deps;
    logger.error('tls.not_reloaded', {
      listener,
      reason: isCodedError(error) ? error.details.actual : 'INTERNAL',
      remedy: `put a certificate and its key into ${settings.certFile} and ${settings.keyFile}; until then the one before serves`,
    });
  }
}

function isSameRefusal(one: TlsMaterial | 'unreadable' | undefined, other: TlsMaterial | 'unreadable'): boolean {
  if (one === undefined || one === 'unreadable' || other === 'unreadable') return one === other;
  return isSameMaterial(one, other);
}
