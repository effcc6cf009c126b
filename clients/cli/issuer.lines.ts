import type { IssuerDraft, IssuerOverview, IssuerReview, IssuerStatus } from '#managers/administration/contract.js';

type Probe = IssuerDraft['probes'][number];

export function draftLines({ name, version, sha256, probes, warnings }: IssuerDraft): string[] {
  return [
    `${name}: version ${String(version)} is a draft (sha256 ${sha256})`,
    ...probes.flatMap(probeLines),
    ...warnings.map((warning) => `  warning: ${warning}`),
    `It counts for nothing yet. Look at it:  countersign issuer show ${name} ${String(version)} --config FILE`,
    `Put it into force:                      countersign issuer activate ${name} ${String(version)} --config FILE`,
  ];
}

export function listLines(issuers: readonly IssuerOverview[]): string[] {
  if (issuers.length === 0) return ['no issuers; draft one with: countersign issuer add'];
  return issuers.map((issuer) => overviewLine(issuer));
}

export function showLines(review: IssuerReview): string[] {
  const { status: _status, ...members } = { status: undefined, ...review.registration };
  return [headLine(review), ...JSON.stringify(members, null, 2).split('\n'), 'against what is in force:', ...changesOf(review)];
}

export function diffLines(review: IssuerReview): string[] {
  return [headLine(review), ...changesOf(review)];
}

function headLine({ name, version, sha256, status, versionInForce }: IssuerReview): string {
  const inForce = versionInForce === null ? 'none is in force' : `version ${String(versionInForce)} is ${status}`;
  return `${name} version ${String(version)} (sha256 ${sha256}); ${inForce}`;
}

function changesOf({ versionInForce, differences }: IssuerReview): string[] {
  if (versionInForce === null) return ['  nothing is in force: all of it would be new'];
  if (differences.length === 0) return ['  no difference'];
  return differences.map(({ member, from, to }) => `  ${member}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`);
}

export function historyLines({ name, versions, activations }: IssuerReview): string[] {
  return [
    ...versions.map(
      ({ version, sha256, createdAt }) => `${when(createdAt)}  ${name} version ${String(version)} drafted (${sha256})`,
    ),
    ...activations.map(
      ({ at, number, version, status }) => `${when(at)}  ${String(number)}: version ${String(version)} ${status}`,
    ),
  ];
}

export function statusLines(issuers: readonly IssuerStatus[]): string[] {
  return issuers.flatMap((issuer) => [overviewLine(issuer), ...issuer.probes.flatMap(probeLines)]);
}

function overviewLine({ name, status, version, newestVersion }: IssuerOverview): string {
  const newer = newestVersion === version ? '' : `, newest draft ${String(newestVersion)}`;
  return `${name}: ${status}${version === null ? '' : `, version ${String(version)}`}${newer}`;
}

function probeLines({ iss, outcome, detail, jwksHost, keys }: Probe): string[] {
  if (outcome !== 'ok') return [`  ${iss}: ${outcome}${detail === null ? '' : ` (${detail})`}`];
  const shown = keys.map(({ kid, algorithm }) => `${kid} ${algorithm}`).join(', ');
  return [`  ${iss}: ${String(keys.length)} keys from ${jwksHost ?? 'the registration'}: ${shown}`];
}

function when(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
