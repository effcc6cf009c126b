import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GuardRails, PlanReport, PolicyName, Progress } from '#managers/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { type Managers, withManagers } from '../host.js';
import { loadSettings } from './load-settings.js';
import { readPolicyDocument } from './policy-document.js';
import { activationLines, diffLines, fileLines, historyLines, lintLines, planLines, testLines } from './policy.lines.js';

interface Common {
  readonly config: string;
  readonly json?: true;
}

interface Named extends Common {
  readonly tenant?: string;
  readonly set: string;
}

interface Planning extends Common {
  readonly tests: readonly string[];
  readonly maxSubjectsLosing?: number;
  readonly forbidGain: readonly string[];
  readonly replayDays?: number;
}

/** As Terraform's detailed exit codes: 0 nothing to change, 1 error, 2 changes. */
const CHANGES = 2;
const REFUSED = 1;

export function addPolicyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .description('change permissions as code: lint, test, plan, shadow, apply, roll back; see what is and what was');
  addChecking(policy);
  addPlanning(policy);
  addApplying(policy);
  addReading(policy);
}

function addChecking(policy: Command): void {
  common(policy.command('lint <file>'))
    .description('read and check a policy file against this installation; ends with 1 where it has faults')
    .action(async (file: string, options: Common) => {
      const lint = await ask(options, lintLines, ({ policies }, context) => policies.lint(context, readPolicyDocument(file)));
      if (lint.faults.length > 0) process.exitCode = REFUSED;
    });
  common(policy.command('test <file>'))
    .description('run tests against a policy file, those over all stored subjects too; ends with 1 where one fails')
    .addOption(testsOption().makeOptionMandatory())
    .action(async (file: string, options: Common & { readonly tests: readonly string[] }) => {
      const report = await ask(options, testLines, ({ policies }, context) =>
        policies.test(context, readPolicyDocument(file), options.tests.map(readPolicyDocument)),
      );
      if (report.results.some(({ passed }) => !passed)) process.exitCode = REFUSED;
    });
}

function addPlanning(policy: Command): void {
  common(policy.command('plan <file>').alias('simulate'))
    .description('work out exactly what a policy file would change for whom, and keep that as a plan; changes nothing')
    .addOption(testsOption())
    .option('--max-subjects-losing <number>', 'refuse it when more subjects would lose something', wholeNumber)
    .option('--forbid-gain <what>', 'refuse it when this would be gained: risk:high, billing:**:delete; repeat it', collect, [])
    .option('--replay-days <days>', 'ask the recorded decisions of these days again', wholeNumber)
    .addHelpText(
      'after',
      '\nEnds with 0 where nothing would change, 2 where something would, 1 on an error or where it is refused.',
    )
    .action(async (file: string, options: Planning) => {
      const report = await ask(options, planLines, ({ policies }, context) =>
        policies.plan(context, readPolicyDocument(file), {
          guardRails: guardRailsOf(options),
          tests: options.tests.map(readPolicyDocument),
          replayDays: options.replayDays ?? null,
          ...(process.stderr.isTTY && options.json === undefined ? { progress: progressLine } : {}),
        }),
      );
      process.exitCode = exitCodeOf(report);
    });
}

function addApplying(policy: Command): void {
  common(policy.command('apply'))
    .description('put a planned version into force, everywhere within 2 seconds; refused where it would not do what was planned')
    .requiredOption('--plan <id>', 'the plan')
    .requiredOption('--reason <text>', 'why; kept in the history and the audit trail')
    .action((options: Common & { readonly plan: string; readonly reason: string }) =>
      show(options, activationLines, ({ policies }, context) => policies.apply(context, options.plan, options.reason)),
    );
  common(policy.command('approve'))
    .description('agree to a plan of somebody else, where the setting policy.fourEyes requires it')
    .requiredOption('--plan <id>', 'the plan')
    .action((options: Common & { readonly plan: string }) =>
      show(options, planLines, async ({ policies }, context) => {
        await policies.approve(context, options.plan);
        return policies.readPlan(context, options.plan);
      }),
    );
  common(policy.command('shadow'))
    .description('try a planned version out beside the one in force, for a part of the checks; never changes an answer')
    .requiredOption('--plan <id>', 'the plan')
    .requiredOption('--share <part>', 'part of the traffic, 0 to 1; 0 ends it', Number)
    .action((options: Common & { readonly plan: string; readonly share: number }) =>
      show(options, activationLines, ({ policies }, context) => policies.shadow(context, options.plan, options.share)),
    );
  named(policy.command('rollback'))
    .description('put a version into force again that was in force before')
    .option('--to <version>', 'its number; without it the one before', versionNumber)
    .requiredOption('--reason <text>', 'why; kept in the history and the audit trail')
    .action((options: Named & { readonly to?: number; readonly reason: string }) => {
      const order = { ...nameOf(options), to: options.to ?? null, reason: options.reason };
      return show(options, activationLines, ({ policies }, context) => policies.rollback(context, order));
    });
}

function addReading(policy: Command): void {
  named(policy.command('history'))
    .description('every version and every activation: who, when, why, by which plan')
    .action((options: Named) =>
      show(options, historyLines, ({ policyQuestions }, context) => policyQuestions.history(context, nameOf(options))),
    );
  named(policy.command('diff'))
    .argument('<to>', 'a version', versionNumber)
    .argument('[from]', 'another one; without it what is in force', versionNumber)
    .description('how a version differs from another one, or from what is in force; ends with 2 where it does')
    .action(async (to: number, from: number | undefined, options: Named) => {
      const differences = await ask(options, diffLines, ({ policyQuestions }, context) =>
        policyQuestions.diff(context, nameOf(options), { to, from: from ?? null }),
      );
      if (differences.length > 0) process.exitCode = CHANGES;
    });
  named(policy.command('show'), { optional: true })
    .argument('[version]', 'its number; without it what is in force', versionNumber)
    .description('a version, or what is in force, as a policy file; or a plan as it was made')
    .option('--plan <id>', 'a plan instead of a version')
    .action((version: number | undefined, options: Named & { readonly plan?: string }) => {
      const { plan } = options;
      if (plan !== undefined) return show(options, planLines, ({ policies }, context) => policies.readPlan(context, plan));
      const name = nameOf(options);
      return show(options, fileLines, ({ policyQuestions }, context) => policyQuestions.read(context, name, version ?? null));
    });
}

function common(command: Command): Command {
  return command.requiredOption('--config <file>', 'process settings (YAML)').option('--json', 'print JSON instead of text');
}

function named(command: Command, { optional = false } = {}): Command {
  const tenant = new Option('--tenant <slug>', 'the tenant whose policy it is').makeOptionMandatory(!optional);
  return common(command).addOption(tenant).option('--set <name>', 'the policy set', 'main');
}

function nameOf({ tenant, set }: Named): PolicyName {
  if (tenant === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { expected: '--tenant, or --plan' });
  return { tenant, set };
}

function testsOption(): Option {
  return new Option('--tests <file>', 'a file of tests (YAML or JSON); repeat it for more').argParser(collect).default([]);
}

function guardRailsOf({ maxSubjectsLosing, forbidGain }: Planning): GuardRails {
  return { forbidGain, ...(maxSubjectsLosing === undefined ? {} : { maxSubjectsLosing }) };
}

function exitCodeOf({ refusals, base, candidate, changedSubjects }: PlanReport): number {
  if (refusals.length > 0) return REFUSED;
  return base?.sha256 === candidate.sha256 && changedSubjects === 0 ? 0 : CHANGES;
}

/** One line that is written over. */
function progressLine({ done, total }: Progress): void {
  const of = total === null ? '' : ` of ${String(total)}`;
  process.stderr.write(`\r${String(done)}${of} subjects judged${total === null ? '' : '\n'}`);
}

async function show<Answer>(...asked: Parameters<typeof ask<Answer>>): Promise<void> {
  await ask(...asked);
}

/** Runs the work on the Managers and prints what it answers, as JSON or as lines. */
async function ask<Answer>(
  options: Common,
  lines: (answer: Answer) => readonly string[],
  work: (managers: Managers, context: CallContext) => Promise<Answer>,
): Promise<Answer> {
  const answer = await withManagers(loadSettings(options.config), work);
  if (options.json === true) console.log(JSON.stringify(answer, null, 2));
  else for (const line of lines(answer)) console.log(line);
  return answer;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number, 0 or more');
}

function versionNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected the number of a version: 1, 2, …');
}
