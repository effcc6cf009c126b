import type { Command } from 'commander';
import { startHost } from '../host.js';
import { loadSettings } from './load-settings.js';
import { stopOnSignal } from './stop-on-signal.js';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the service in production')
    .requiredOption('--config <file>', 'process settings (YAML)')
    .action(async (options: { config: string }) => {
      const host = await startHost(loadSettings(options.config), { migrate: false });
      console.log(`countersign: REST at ${host.httpUrl}, gRPC at ${host.grpcAddress}`);
      process.on('SIGHUP', () => void host.reloadCertificates());
      stopOnSignal(() => host.stop());
    });
}
