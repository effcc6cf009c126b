// The whole service as `serve` runs it, in a process of its own that ends in good order on SIGTERM: see `shutdown.spec.ts`.
import { stopOnSignal } from '#clients/cli/stop-on-signal.js';
import { startHost } from '#clients/host.js';
import type { Settings } from '#utilities/config/contract.js';

const settings = JSON.parse(process.argv[2] ?? '') as Settings;
process.on('disconnect', () => process.exit(9));
const host = await startHost(settings, { migrate: false, unsafeRole: 'step-down' });
stopOnSignal(() => host.stop());
process.send?.({ httpUrl: host.httpUrl, grpcAddress: host.grpcAddress });
