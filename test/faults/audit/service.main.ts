// The whole service in a process of its own, which can be killed: see `kills.spec.ts`.
import { startHost } from '#clients/host.js';
import type { Settings } from '#utilities/config/contract.js';

const settings = JSON.parse(process.argv[2] ?? '') as Settings;
process.on('disconnect', () => process.exit(0));
const host = await startHost(settings, { migrate: false, unsafeRole: 'step-down' });
process.send?.({ httpUrl: host.httpUrl });
