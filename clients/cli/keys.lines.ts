import type {
  Acceptance,
  IssuedUnderKey,
  KeyEmergencyReport,
  KeyringChangeReport,
  KeyringStatus,
  KeyringStep,
  KeyStatus,
} from '#managers/keyring/contract.js';
import type { RewrapReport } from '#managers/keyring/key-sealing.contract.js';

export function rewrapLines({ keyEncryptionKeyId, rewrapped, remaining, failed }: RewrapReport): readonly string[] {
  return [
    `${String(rewrapped)} rows brought under ${keyEncryptionKeyId}, ${String(remaining)} under others`,
    ...failed.map((row) => `does not open: ${row}`),
    ...(remaining === 0 ? ['no other key-encryption key is needed for this database any more'] : []),
  ];
}

export function statusLines(status: KeyringStatus): readonly string[] {
  const { epoch, floor, now } = status;
  return [
    `epoch ${String(epoch)}, never below ${String(floor)}, at ${time(now)}`,
    ...keyLines(status.keys),
    ...(status.next.length === 0 ? [] : ['next:', ...status.next.map(stepLine)]),
  ];
}

export function keyLines(keys: readonly KeyStatus[]): readonly string[] {
  return keys.map((key) => {
    const since = key.endedAt ?? key.stoppedAt ?? key.activatedAt ?? key.publishedAt ?? key.createdAt;
    const notes = `${key.signsAtOnce ? ', signed at once' : ''}${key.standby === true ? ', stands by' : ''}`;
    return `${key.kid}  ${key.algorithm}  ${key.state} since ${time(since)}  (${key.backend}${notes})`;
  });
}

export function changeLines(report: KeyringChangeReport): readonly string[] {
  const verb = report.validateOnly ? 'would be done' : 'done';
  return [
    ...(report.done.length === 0 ? [`nothing is to be done; epoch ${String(report.epoch)}`] : [`${verb}:`]),
    ...report.done.map(stepLine),
    ...(report.next.length === 0 ? [] : ['next:', ...report.next.map(stepLine)]),
  ];
}

export function emergencyLines(report: KeyEmergencyReport): readonly string[] {
  return [
    ...changeLines(report),
    ...(report.replacedBy === null ? [] : [`${report.replacedBy} signs now`]),
    report.issued.length === 0
      ? 'no token that was issued under the key is known'
      : 'issued under the key, by hour and audience:',
    ...report.issued.map(issuedLine),
    'tokens of the key are accepted:',
    ...report.accepted.map(acceptedLine),
  ];
}

function stepLine({ kind, algorithm, kid, standby, dueAt, because }: KeyringStep): string {
  const which = kid ?? (standby === true ? 'a new key that stands by' : 'a new key');
  return `  ${time(dueAt)}  ${kind}  ${algorithm}  ${which}: ${because}`;
}

function issuedLine({ hour, audience, tokens, lastExpiresAt }: IssuedUnderKey): string {
  return `  ${time(hour)}  ${audience}  ${String(tokens)} tokens, the last ends ${time(lastExpiresAt)}`;
}

function acceptedLine({ where, until, because }: Acceptance): string {
  return `  ${where}: until ${time(until)}; ${because}`;
}

/** UTC, to the second. */
function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
