import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import type { PolicyQuestions, SubjectQuestion } from '#managers/policy/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { withManagers } from '../host.js';
import { loadSettings } from './load-settings.js';
import { explanationLines, holderLines } from './policy-questions.lines.js';

type WhoCanAnswer = Awaited<ReturnType<PolicyQuestions['whoCan']>>;

interface Asked {
  readonly config: string;
  readonly json?: true;
  readonly tenant: string;
  readonly audience: string;
  readonly unit?: string;
  readonly resource?: Readonly<Record<string, never>>;
  readonly context?: Readonly<Record<string, never>>;
  readonly at?: number;
  readonly policyVersion?: number;
}

const DENIED = 1;
const PAGE = 1000;

/** `can-i` and `who-can`: what policies and data mean for people. */
export function addPolicyQuestions(program: Command): void {
  question(program.command('can-i <subject> <permission>'))
    .description('whether a stored subject may, and why or why not; ends with 1 where it may not')
    .action(async (subject: string, permission: string, options: Asked) => {
      const answer = await withManagers(loadSettings(options.config), ({ policyQuestions }, context) =>
        policyQuestions.canI(context, { ...asked(options, permission), subject }),
      );
      print(options, answer, explanationLines(subject, answer));
      if (!answer.decision.allowed) process.exitCode = DENIED;
    });
  question(program.command('who-can <permission>'))
    .description('every stored subject that may, complete')
    .action(async (permission: string, options: Asked) => {
      const subjects = await withManagers(loadSettings(options.config), async ({ policyQuestions }, context) => {
        const all: WhoCanAnswer['subjects'][number][] = [];
        let after: string | null = null;
        do {
          const page: WhoCanAnswer = await policyQuestions.whoCan(context, { ...asked(options, permission), after, limit: PAGE });
          all.push(...page.subjects);
          after = page.next;
        } while (after !== null);
        return all;
      });
      print(options, { subjects }, holderLines(subjects));
    });
}

function question(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'process settings (YAML)')
    .option('--json', 'print JSON instead of text')
    .requiredOption('--tenant <slug>', 'the tenant')
    .requiredOption('--audience <audience>', 'the application')
    .option('--unit <path>', 'an organisational subtree, org.emea; the whole tenant if none is named')
    .option('--resource <record>', 'a resource: {type: invoice, id: inv-1, amount: 5}', record)
    .option('--context <record>', 'what the caller would say: {ip: 10.1.2.3}', record)
    .option('--at <time>', 'at this time instead of now (RFC 3339)', moment)
    .option('--policy-version <number>', 'under this version instead of the one in force', Number);
}

function asked(options: Asked, permission: string): Omit<SubjectQuestion, 'subject'> {
  return {
    tenant: options.tenant,
    audience: options.audience,
    permission,
    resource: options.resource === undefined ? null : resourceOf(options.resource),
    unit: options.unit ?? null,
    context: options.context ?? {},
    at: options.at ?? null,
    version: options.policyVersion ?? null,
  };
}

function resourceOf(value: Readonly<Record<string, never>>): NonNullable<SubjectQuestion['resource']> {
  const { type, id = null, unit = null, path = null, ...attributes } = value;
  if (typeof type !== 'string')
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'resource', expected: 'a record with a type' });
  return { type, id, unit, path, attributes };
}

function record(text: string): Readonly<Record<string, never>> {
  const value: unknown = parse(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, never>>;
  throw new InvalidArgumentError('expected a record: {name: value}');
}

function moment(text: string): number {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new InvalidArgumentError('expected a time: 2026-05-13T08:30:00Z');
}

function print(options: Asked, answer: unknown, lines: readonly string[]): void {
  if (options.json === true) console.log(JSON.stringify(answer, null, 2));
  else for (const line of lines) console.log(line);
}
