import { stringify } from 'yaml';
import type { PlanReport, PolicyDifference, PolicyLint, PolicyManager, PolicyQuestions } from '#managers/policy/contract.js';

type TestReport = Awaited<ReturnType<PolicyManager['test']>>;
type Activation = Awaited<ReturnType<PolicyManager['apply']>>;
type History = Awaited<ReturnType<PolicyQuestions['history']>>;

const MAX_SHOWN = 50;

export function lintLines({ name, faults, warnings }: PolicyLint): string[] {
  const about = name === null ? 'the file' : `${name.tenant} ${name.set}`;
  return [
    ...faults.map(({ path, message }) => `fault    ${path === '' ? message : `${path}: ${message}`}`),
    ...warnings.map(({ path, message }) => `warning  ${path === '' ? message : `${path}: ${message}`}`),
    `${about}: ${count(faults.length, 'fault')}, ${count(warnings.length, 'warning')}`,
  ];
}

export function testLines({ results, coverage }: TestReport): string[] {
  const passed = results.filter((result) => result.passed).length;
  const idle = coverage.filter(({ hits }) => hits === 0);
  return [
    ...results.flatMap(({ name, passed: good, differences }) => [
      `${good ? 'pass' : 'FAIL'}  ${name}`,
      ...differences.map((difference) => `      ${difference}`),
    ]),
    `${String(passed)} of ${count(results.length, 'test')} passed`,
    ...(coverage.length === 0
      ? []
      : [`${String(coverage.length - idle.length)} of ${count(coverage.length, 'rule')} took part in a test`]),
    ...idle.map(({ rule }) => `  never: ${rule}`),
  ];
}

export function planLines(plan: PlanReport): string[] {
  const { planId, name, base, candidate, author, at, approvedBy, epoch } = plan;
  return [
    `plan ${planId}`,
    `${name.tenant} ${name.set}: ${base === null ? 'nothing' : `version ${String(base.sequence)}`} → version ${String(candidate.sequence)} (sha256 ${candidate.sha256})`,
    `made by ${author} ${when(at)} at epoch ${String(epoch)}; ${approvedBy === null ? 'approved by nobody' : `approved by ${approvedBy}`}`,
    '',
    ...impactLines(plan),
    ...replayLines(plan),
    ...(plan.tests === null ? [] : ['', ...testLines(plan.tests)]),
    ...section('look at this:', plan.highRisk),
    ...section('REFUSED:', plan.refusals),
    ...(plan.refusals.length > 0
      ? []
      : ['', `Put it into force:  countersign policy apply --plan ${planId} --reason TEXT --config FILE`]),
  ];
}

function impactLines({
  subjects,
  changedSubjects,
  gainingSubjects,
  losingSubjects,
  byRisk,
  byRule,
  changes,
  holders,
}: PlanReport): string[] {
  const risks = Object.entries(byRisk).map(([risk, kinds]) => {
    const parts = Object.entries(kinds).filter(([, number]) => number > 0);
    return `  risk ${risk}: ${parts.map(([kind, number]) => `${String(number)} ${words(kind)}`).join(', ')}`;
  });
  return [
    `${count(subjects, 'subject')}: ${String(changedSubjects)} changed, ${String(gainingSubjects)} gain, ${String(losingSubjects)} lose`,
    ...risks,
    ...byRule.map((each) => `  ${each.rule}: ${count(each.subjects, 'subject')}`),
    ...shown(changes.map(changeLine)),
    ...(holders.length === 0 ? [] : ['whoever has nothing else than', ...shown(holders.map(changeLine))]),
  ];
}

function changeLine({ subject, permission, risk, change, before, after }: PlanReport['changes'][number]): string {
  const sign = {
    gained: '+',
    lost: '-',
    became_conditional: '~',
    became_unconditional: '~',
    residual_changed: '~',
    horizon_moved: '~',
  }[change];
  const detail =
    change === 'gained' && after === 'granted' ? '' : change === 'lost' ? '' : ` (${before ?? 'none'} → ${after ?? 'none'})`;
  return `  ${sign} ${subject}  ${permission}  ${words(change)}${risk === 'low' ? '' : `, risk ${risk}`}${detail}`;
}

function replayLines({ replay: { decisions, notReplayable, changed } }: PlanReport): string[] {
  if (decisions === 0) return [];
  return [
    `${count(decisions, 'recorded decision')} asked again, of which ${String(notReplayable)} cannot be told`,
    ...shown(
      changed.map(
        ({ subject, permission, before, after, calls }) =>
          `  ${subject}  ${permission}: ${before} → ${after}, ${count(calls, 'call')}`,
      ),
    ),
  ];
}

export function activationLines({ number, set, sequence, mode, share, reason }: Activation): string[] {
  const what = {
    enforce: 'is in force',
    shadow: `is tried out for ${String(share)} of the traffic`,
    'shadow-end': 'is no longer tried out',
  }[mode];
  return [`activation ${String(number)}: ${set} version ${String(sequence)} ${what} (${reason})`];
}

export function historyLines({ versions, activations }: History): string[] {
  return [
    ...versions.map(
      ({ sequence, author, message, createdAt, sha256 }) =>
        `${when(createdAt)}  version ${String(sequence)} by ${author === '' ? 'unknown' : author}: ${message} (sha256 ${sha256})`,
    ),
    ...activations.map(
      ({ at, number, sequence, mode, by, reason, planId }) =>
        `${when(at)}  activation ${String(number)}: version ${String(sequence)} ${mode} by ${by}: ${reason}${planId === null ? '' : ` (plan ${planId})`}`,
    ),
  ];
}

export function diffLines(differences: readonly PolicyDifference[]): string[] {
  if (differences.length === 0) return ['no difference'];
  return differences.map(
    ({ path, before, after }) =>
      `${path}: ${before === undefined ? 'none' : JSON.stringify(before)} → ${after === undefined ? 'none' : JSON.stringify(after)}`,
  );
}

export function fileLines(file: Readonly<Record<string, unknown>>): string[] {
  return stringify(file).trimEnd().split('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function shown(lines: readonly string[]): string[] {
  const rest = lines.length - MAX_SHOWN;
  return rest > 0 ? [...lines.slice(0, MAX_SHOWN), `  and ${String(rest)} more; --json lists up to 1000`] : [...lines];
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function when(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
