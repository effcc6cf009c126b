import type { Command } from 'commander';
import { startDevSession } from './dev-session.js';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('as dev, in memory, but end after the exchange: exit code 0 if it worked')
    .action(async () => {
      const session = await startDevSession({
        directory: null,
        httpPort: 0,
        grpcPort: 0,
        issuerPort: 0,
        databaseUrl: undefined,
      });
      try {
        for (const line of await session.demonstrate()) console.log(line);
        console.log('\ncountersign: the exchange works over REST and over gRPC');
      } finally {
        await session.stop();
      }
    });
}
