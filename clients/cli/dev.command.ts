import type { Command } from 'commander';
import { PERSONA_GRANT } from '#devkit/entra-issuer/token-endpoint.js';
import { type DevSession, startDevSession } from './dev-session.js';
import { stopOnSignal } from './stop-on-signal.js';

interface DevCommandOptions {
  readonly data: string;
  readonly memory?: true;
  readonly httpPort: string;
  readonly grpcPort: string;
  readonly issuerPort: string;
}

export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description(
      'run everything for development: embedded database, a stand-in for Entra ID, a sample company, one exchange explained',
    )
    .option('--data <directory>', 'where the embedded database and its key live', '.countersign')
    .option('--memory', 'keep nothing when the process ends; uses the embedded database')
    .option('--http-port <port>', 'REST; another one if it is taken', '8080')
    .option('--grpc-port <port>', 'gRPC; another one if it is taken', '9090')
    .option('--issuer-port <port>', 'the stand-in identity provider; another one if it is taken', '8090')
    .action(async (options: DevCommandOptions) => {
      console.log('countersign: starting (embedded database, REST, gRPC and a stand-in for Entra ID) …');
      const session = await startDevSession({
        directory: options.memory === true ? null : options.data,
        httpPort: Number(options.httpPort),
        grpcPort: Number(options.grpcPort),
        issuerPort: Number(options.issuerPort),
        databaseUrl: options.memory === true ? undefined : process.env['DATABASE_URL'],
      });
      stopOnSignal(() => session.stop());
      for (const line of await session.demonstrate()) console.log(line);
      for (const line of nextSteps(session)) console.log(line);
    });
}

/** Three commands to copy, and where everything is. */
function nextSteps(session: DevSession): string[] {
  const { settings, host, clientId, clientSecret, audience } = session;
  return [
    '',
    '── What to try next (copy and paste; the secret is for this run alone) ──',
    '',
    '# 1. Sign bob in at the stand-in, and exchange his token',
    `TOKEN=$(curl -s ${session.signInUrl} -d grant_type=${PERSONA_GRANT} -d persona=bob -d scope=${session.signInScope} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s -u ${clientId}:${clientSecret} ${settings.issuer}/oauth2/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\`,
    `  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt -d audience=${audience} -d subject_token="$TOKEN"`,
    '',
    '# 2. Ask for more than bob has, and read what the refusal says',
    `curl -s -u ${clientId}:${clientSecret} ${settings.issuer}/oauth2/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\`,
    `  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt -d audience=${audience} -d scope=billing:invoice:approve -d subject_token="$TOKEN"`,
    '',
    '# 3. The keys that every downstream service verifies with',
    `curl -s ${settings.issuer}/.well-known/jwks.json`,
    '',
    `REST ${host.httpUrl}   gRPC ${host.grpcAddress} (reflection on)   identity provider ${session.identityProviderUrl} (a stand-in, not Entra ID)`,
    'Everything runs until Ctrl-C. Development only: production is `countersign serve`.',
  ];
}
