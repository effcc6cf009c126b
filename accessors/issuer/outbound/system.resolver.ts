import { lookup } from 'node:dns/promises';
import type { ResolveName } from './outbound.guard.js';

/** As every other program of this machine resolves names, its hosts file and search domains included. */
export const systemResolver: ResolveName = (hostname) => lookup(hostname, { all: true, order: 'verbatim' });
