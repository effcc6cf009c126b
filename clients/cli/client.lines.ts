import type {
  AddedSecret,
  ClientChange,
  ClientOverview,
  ClientReview,
  ClientSecretState,
} from '#managers/administration/client-administration.contract.js';

export function clientLines(clients: readonly ClientOverview[]): readonly string[] {
  return clients.length === 0 ? ['there are none'] : clients.flatMap(overviewLines);
}

export function reviewLines(review: ClientReview): readonly string[] {
  return [...overviewLines(review), JSON.stringify(review.document, null, 2)];
}

export function changeLines({ clientId, outcome, warnings }: ClientChange): readonly string[] {
  return [`${outcome.padEnd(9)} client ${clientId}`, ...warningLines(warnings)];
}

export function secretLines({ clientId, id, endsAt, secret }: AddedSecret): readonly string[] {
  if (secret === null) return [`client ${clientId} would get a secret until ${dayOf(endsAt)}: nothing was changed`];
  return [
    `client_id:     ${clientId}`,
    `client_secret: ${secret}`,
    `secret ${id}, until ${dayOf(endsAt)}. It is shown this once; only its digest is stored.`,
  ];
}

function overviewLines({ clientId, kind, status, methods, secrets, warnings }: ClientOverview): readonly string[] {
  return [
    `${clientId}  ${kind}  ${status}  ${methods.join(' ')}`.trimEnd(),
    ...secrets.map(secretLine),
    ...warningLines(warnings),
  ];
}

function secretLine({ id, createdAt, endsAt }: ClientSecretState): string {
  return `  secret ${id}  since ${dayOf(createdAt)}  until ${dayOf(endsAt)}`;
}

function warningLines(warnings: readonly string[]): readonly string[] {
  return warnings.map((warning) => `  warning: ${warning}`);
}

function dayOf(at: number | null): string {
  return at === null ? 'further notice' : new Date(at).toISOString().slice(0, 10);
}
