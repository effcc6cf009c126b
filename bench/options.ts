import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly command: 'compare' | 'parts' | 'validate' | 'signing' | 'permissions' | 'plan' | 'overload' | 'sdk' | 'grpc';
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly profile: boolean;
  readonly isShort: boolean;
  /** Whether to fail above a limit. */
  readonly limits: boolean;
  /** Whether to fill a database with many subjects. */
  readonly scale: boolean;
  readonly help: boolean;
}

export const helpText = `npm run bench -- [parts|validate|signing|permissions|plan|overload|sdk|grpc] [--short] [--rounds N] [--seconds S] [--profile] [--help]

Compares what an exchange costs the service with what it costs the smallest servers that verify RS256 and sign ES256.
Runs against PostgreSQL: on the server of DATABASE_URL in a database of its own, else on a private cluster from installed
binaries. Without either it ends with exit code 2. The last line of its output is JSON.

  parts        time the parts of an exchange inside one process instead
  validate     time the validation of subject tokens instead, against the bare verification and the limits; 1 above a limit
  signing      time tokens of each algorithm instead, made and verified, against the primitives of Node; 1 above a limit
  permissions  time effective sets and checks instead, against bit sets and closures by hand; 1 above a limit
  --scale      with permissions: an uncached exchange among 10,000 and among 1,000,000 subjects in PostgreSQL instead
  --no-limits  with permissions and grpc: 0 beyond a limit too
  plan         time exact plans of a policy over 100,000 subjects instead; 1 above 5 s; needs PostgreSQL
  grpc         time checks over gRPC instead, against bare grpc-js servers; 1 below a limit; with --profile where their time goes
  overload     ten times the connections, then ten times the arrivals that the service can answer; 1 where a promise breaks
  sdk          time the library for other services instead: verifying against jose, a token from memory; 1 above a limit
  --short      2 rounds of 2 s each
  --rounds N   rounds; in each, service and floor take turns over REST and over gRPC (default 3)
  --seconds S  length of each measured window (default 5)
  --profile    profile the service under load instead of comparing it; prints where the time goes
  --help       this text`;

/** @throws Error in words for options that make no sense */
export function readOptions(commandArguments: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...commandArguments],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      profile: { type: 'boolean', default: false },
      scale: { type: 'boolean', default: false },
      'no-limits': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command = 'compare', ...rest] = positionals;
  if (!isCommand(command) || rest.length > 0) throw new Error(`unknown command: ${positionals.join(' ')}`);
  return {
    command,
    rounds: positive('rounds', values.rounds ?? (values.short ? '2' : '3'), Number.isInteger),
    seconds: positive('seconds', values.seconds ?? (values.short ? '2' : '5'), Number.isFinite),
    warmUpSeconds: values.short ? 1 : 2,
    profile: values.profile,
    isShort: values.short,
    limits: !values['no-limits'],
    scale: values.scale,
    help: values.help,
  };
}

const commands: readonly string[] = [
  'compare',
  'parts',
  'validate',
  'signing',
  'permissions',
  'plan',
  'overload',
  'sdk',
  'grpc',
] satisfies BenchOptions['command'][];

function isCommand(text: string): text is BenchOptions['command'] {
  return commands.includes(text);
}

function positive(name: string, text: string, accepts: (value: number) => boolean): number {
  const value = Number(text);
  if (!accepts(value) || value <= 0) throw new Error(`--${name} ${text}: expected a number above 0`);
  return value;
}
