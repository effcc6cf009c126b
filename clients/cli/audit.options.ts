import { type Command, InvalidArgumentError } from 'commander';
import type { AuditQuery } from '#managers/administration/audit-administration.contract.js';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const OUTCOMES = ['issued', 'refused', 'changed'] as const;

/** The options of a search, as Commander reads them. */
export interface SearchOptions {
  readonly tenantId?: string;
  readonly outcome?: (typeof OUTCOMES)[number];
  readonly client?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly audience?: string;
  readonly code?: string;
  readonly what?: string;
  readonly tokenId?: string;
  readonly kid?: string;
  readonly diagnosticId?: string;
  readonly since?: number;
  readonly until?: number;
}

export function withSearchOptions(command: Command, now: () => number): Command {
  return command
    .option('--tenant-id <uuid>', 'of one tenant, by its id')
    .option('--outcome <outcome>', OUTCOMES.join(', '), outcomeOf)
    .option('--client <id>', 'asked for by this client')
    .option('--subject <sub>', 'about this subject')
    .option('--actor <sub>', 'by this actor, or changed by this operator')
    .option('--audience <audience>', 'for this audience')
    .option('--code <code>', 'refused with this code')
    .option('--what <what>', 'this kind of change')
    .option('--token-id <jti>', 'the token of this jti')
    .option('--kid <kid>', 'signed with this key')
    .option('--diagnostic-id <uuid>', 'the call of this diagnostic id')
    .option('--since <time>', 'from then on: 2026-01-31T12:00:00Z, or 90m, 6h, 7d ago', (text) => timeOf(text, now()))
    .option('--until <time>', 'before then', (text) => timeOf(text, now()));
}

export function queryOf(options: SearchOptions): AuditQuery {
  const { tenantId, outcome, client, subject, actor, audience, code, what, tokenId, kid, diagnosticId, since, until } = options;
  const named = { tenantId, outcome, clientId: client, subject, actor, audience, code, what, tokenId, kid, diagnosticId };
  return Object.fromEntries(Object.entries({ ...named, since, until }).filter(([, value]) => value !== undefined));
}

export function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100_000) return count;
  throw new InvalidArgumentError('expected 1 to 100000');
}

function outcomeOf(text: string): (typeof OUTCOMES)[number] {
  const outcome = OUTCOMES.find((each) => each === text);
  if (outcome !== undefined) return outcome;
  throw new InvalidArgumentError(`expected ${OUTCOMES.join(', ')}`);
}

function timeOf(text: string, now: number): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * (UNITS[unit] ?? 0);
  const time = Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError('expected a time such as 2026-01-31T12:00:00Z, or 6h');
}
