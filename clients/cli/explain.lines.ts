import type { DiagnosisManager } from '#managers/diagnosis/contract.js';
import { seen } from './seen.js';

type Told = ReturnType<DiagnosisManager['explainError']>;
type Cause = Told['causes'][number];

const FEW = 3;

const WHO: Readonly<Record<Told['saidBy'], string>> = {
  countersign: 'Countersign itself',
  'identity-provider': 'the token endpoint of Microsoft Entra ID',
  'key-vault': 'Azure Key Vault',
  'other-service': 'a gRPC service, which is not Countersign',
  intermediary: 'something between caller and service: a proxy, a gateway, a load balancer',
  transport: 'the connection: nobody has answered',
  caller: 'the program that calls, before anything was sent',
  unknown: 'nobody who can be told from the text',
};

const RETRIES: Readonly<Record<Cause['retry'], string>> = {
  never: 'the same again fails again',
  again: 'try again, with growing and random waits',
  'after-sign-in': 'try again once the user has signed in again',
};

/** For people: who said no, then the causes, the likeliest first. */
export function explainedErrorLines({ saidBy, causes, ids }: Told, isAll: boolean): readonly string[] {
  const shown = isAll ? causes : causes.slice(0, FEW);
  const left = causes.length - shown.length;
  return [
    `said by     ${WHO[saidBy]}`,
    ...Object.entries(ids).map(([name, value]) => `${name.padEnd(11)} ${seen(value)}`),
    ...(causes.length === 0
      ? ['', 'Nothing that is known looks like it. Paste more of it: the status, the body, the lines around.']
      : []),
    ...shown.flatMap(causeLines),
    ...(left > 0 ? ['', `${String(left)} more with --all`] : []),
  ];
}

function causeLines(cause: Cause, at: number): readonly string[] {
  const { code, certainty, reading, evidence, remedy, retry, fixedBy, source } = cause;
  return [
    '',
    `${String(at + 1)}. ${code} (${certainty}, by ${seen(reading)})`,
    `   ${cause.cause}`,
    `   look at   ${evidence}`,
    ...remedy.map((step, index) => `   ${index === 0 ? 'do       ' : '         '} ${step}`),
    `   who       ${fixedBy.replaceAll('-', ' ')}; ${RETRIES[retry]}`,
    `   source    ${source}`,
  ];
}
