import type { Command } from 'commander';
import type {
  RevocationReport,
  RevocationView,
  RevocationWish,
  StoredRevocationView,
} from '#managers/administration/revocation-administration.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { withManagers } from '../host.js';
import { readRevocationListing } from '../revocations-admin.requests.js';
import { loadSettings } from './load-settings.js';

interface Common {
  readonly config: string;
  readonly json?: boolean;
}

interface Revoking extends Common {
  readonly reason: string;
  readonly before?: string;
  readonly validateOnly?: boolean;
}

type Listing = Common & { readonly by?: string; readonly limit?: string; readonly below?: string };

export function addRevokeCommand(program: Command): void {
  const revoke = program.command('revoke').description('take back what was issued, at once and for good');
  revoking(revoke, 'token <jti>')
    .description('one token, by its jti')
    .action((tokenId: string, options: Revoking) => ordered(options, { by: 'token', tokenId }));
  revoking(cutting(revoke, 'subject'), '')
    .description('everything about one subject of a tenant')
    .requiredOption('--tenant <slug>', 'the tenant')
    .option('--sub <sub>', 'sub of its tokens')
    .option('--key <key>', "the administrator's key of a registered subject")
    .action((options: Revoking & { readonly tenant: string; readonly sub?: string; readonly key?: string }) =>
      ordered(options, subjectIn(options)),
    );
  revoking(cutting(revoke, 'client <id>'), '')
    .description('everything that was issued to one client')
    .action((clientId: string, options: Revoking) => ordered(options, { by: 'client', clientId }));
  revoking(cutting(revoke, 'tenant <slug>'), '')
    .description('everything in one tenant')
    .action((tenant: string, options: Revoking) => ordered(options, { by: 'tenant', tenant }));
  common(revoke.command('list'))
    .description('what is revoked and has not ended, newest first')
    .option('--by <kind>', 'token, subject, client or tenant')
    .option('--below <sequence>', 'go on from there')
    .option('--limit <count>', '1 to 1000')
    .action((options: Listing) => listed(options));
}

async function ordered(options: Revoking, wish: RevocationWish): Promise<void> {
  const { reason, validateOnly = false } = options;
  const order = { wish, before: momentOf(options.before), reason, validateOnly };
  const report = await withManagers(loadSettings(options.config), async ({ revocations, keyring }, context) => {
    // What names subjects in tokens is a secret beside the keys, which has to be opened.
    if (wish.by === 'key') await keyring.prepare(context);
    return revocations.revoke(context, order);
  });
  print(options, report, reportLines(report));
}

async function listed(options: Listing): Promise<void> {
  const { by, below, limit } = options;
  const listing = readRevocationListing({ by, below, limit });
  const page = await withManagers(loadSettings(options.config), ({ revocations }, context) => revocations.list(context, listing));
  const more = page.next === null ? [] : [`more: --below ${String(page.next)}`];
  print(options, page, [...page.items.map(storedLine), ...more]);
}

function common(command: Command): Command {
  return command.requiredOption('--config <file>', 'process settings (YAML)').option('--json', 'print JSON');
}

function cutting(revoke: Command, name: string): Command {
  return revoke.command(name).option('--before <time>', 'only what was issued before then (RFC 3339); left out: up to now');
}

function revoking(command: Command, name: string): Command {
  return common(name === '' ? command : command.command(name))
    .requiredOption('--reason <text>', 'why; kept in the audit trail')
    .option('--validate-only', 'say what would be done, and do nothing');
}

function subjectIn({
  tenant,
  sub,
  key,
}: {
  readonly tenant: string;
  readonly sub?: string;
  readonly key?: string;
}): RevocationWish {
  if (sub !== undefined && key === undefined) return { by: 'subject', tenant, subject: sub };
  if (key !== undefined && sub === undefined) return { by: 'key', tenant, key };
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'subject', expected: 'either --sub or --key' });
}

/** The second that the time lies in counts whole. */
function momentOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = Date.parse(text);
  if (Number.isFinite(at)) return Math.ceil(at / 1_000);
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'before', actual: text, expected: 'a time: 2026-11-20T12:00:00Z' });
}

function reportLines({ validateOnly, revocations, warnings }: RevocationReport): readonly string[] {
  const verb = validateOnly ? 'would revoke' : 'revoked';
  return [...revocations.map((one) => `${verb} ${line(one)}`), ...warnings.map((warning) => `warning: ${warning}`)];
}

function storedLine(one: StoredRevocationView): string {
  return `${time(one.revokedAt)}  ${line(one)}  (${one.because})`;
}

function line({ by, tenant, name, before, until }: RevocationView): string {
  const whose = tenant === null || by === 'tenant' ? '' : ` of ${tenant}`;
  const issued = by === 'token' ? '' : `, issued before ${time(before * 1_000)}`;
  return `${by} ${name}${whose}${issued}, kept until ${time(until * 1_000)}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}

function print({ json }: Common, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : lines.map((each) => `${each}\n`).join(''));
}
