// The whole service in a process of its own, until its parent ends: see `service.replica.ts`.
import { startHost } from '#clients/host.js';
import type { Settings } from '#utilities/config/contract.js';

const settings = JSON.parse(process.argv[2] ?? '') as Settings;
const host = await startHost(settings, { migrate: false, unsafeRole: 'step-down' });
process.on('disconnect', () => process.exit(0));
process.send?.(host.httpUrl);
