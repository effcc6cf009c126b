import type { DiagnosisManager } from '#managers/diagnosis/contract.js';
import { seen } from './seen.js';

type Explanation = Awaited<ReturnType<DiagnosisManager['explainToken']>>;

const TIMES: ReadonlySet<string> = new Set(['iat', 'nbf', 'exp', 'auth_time']);
const MARKS = { passed: 'PASS', failed: 'FAIL', 'not-run': 'SKIP' } as const;
const WIDEST_CLAIM = 300;
/** For people: what is wrong first, then everything else. */
export function explainedTokenLines(explanation: Explanation): readonly string[] {
  const { accepted, issuer, signatureProven, token, subject, presenters, tokenSha256 } = explanation;
  return [
    accepted ? 'accepted: an exchange would take this token' : 'refused: an exchange would not take this token',
    ...explanation.findings.flatMap(findingLines),
    '',
    `issuer      ${issuer ?? 'none that is trusted here'}`,
    `signature   ${signatureProven ? 'proven' : 'not proven: nothing below can be believed'}`,
    ...(tokenSha256 === null ? [] : [`sha256      ${tokenSha256}`]),
    ...(subject === null
      ? []
      : [
          `subject     ${subject.kind} ${seen(subject.externalId)} of ${seen(subject.instance)}, tenants: ${listed(subject.tenants)}`,
        ]),
    ...(presenters === null ? [] : [`taken from  ${listed(presenters)}`]),
    ...(token === null ? [] : ['', ...memberLines('header', token.header), '', ...memberLines('claims', token.claims)]),
    '',
    ...explanation.checks.map(({ check, outcome }) => `${MARKS[outcome]}  ${check}`),
  ];
}

function findingLines({ check, code, actual, expected, remedy }: Explanation['findings'][number]): readonly string[] {
  return [
    '',
    `${code} (${check})`,
    `  has       ${seen(actual)}`,
    `  expected  ${seen(expected)}`,
    `  next      ${seen(remedy)}`,
  ];
}

function memberLines(title: string, members: Readonly<Record<string, unknown>>): readonly string[] {
  return [title, ...Object.entries(members).map(([name, value]) => `  ${seen(name)}  ${valueOf(name, value)}`)];
}

function valueOf(name: string, value: unknown): string {
  const text = seen(JSON.stringify(value));
  if (TIMES.has(name) && typeof value === 'number' && Math.abs(value) < 8e12) return `${text}  ${timeOf(value)}`;
  return text.length > WIDEST_CLAIM ? `${text.slice(0, WIDEST_CLAIM)}… (${String(text.length)} characters)` : text;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(seen).join(', ');
}
