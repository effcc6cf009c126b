/**
 * Who may have which token for which: the rules as prose says them, over plain words. It knows nothing of the service: no type, no
 * code and no format of it is imported here.
 */

/** What is registered about a service that calls. */
export interface ModelClient {
  readonly name: string;
  /** It has no secret: only a token of the identity provider that was issued to it says who it is. */
  readonly isPublic: boolean;
  /** Its name at the identity provider. */
  readonly known: string;
  /** Names there of others whose tokens it may hand in. */
  readonly mayPresent: readonly string[];
  /** Its API, by the name that tokens of the identity provider have for it. */
  readonly api: string | null;
  /** Our applications whose API it is. */
  readonly serves: readonly string[];
  readonly needsKey: boolean;
  readonly targets: readonly ModelTarget[];
}

export interface ModelTarget {
  readonly application: string;
  readonly mayAsk: readonly string[];
  readonly mayExercise: readonly string[];
  readonly hops: readonly { readonly from: string; readonly mayExercise: readonly string[] }[];
}

export type ModelToken =
  { readonly by: 'provider'; readonly audience: string; readonly issuedTo: string; readonly key: string | null } | ModelIssued;

export interface ModelIssued {
  readonly by: 'us';
  readonly audience: string;
  readonly issuedTo: string;
  readonly key: string | null;
  /** The one who acts now is first. */
  readonly actors: readonly string[];
  readonly exchanges: number;
  readonly holds: readonly string[];
}

export interface ModelWorld {
  /** Names of APIs for which tokens of the identity provider are taken at all. */
  readonly accepted: readonly string[];
  /** What the subject may do, by application. */
  readonly subjectMay: Readonly<Record<string, readonly string[]>>;
}

export interface ModelQuestion {
  readonly client: ModelClient;
  readonly token: ModelToken;
  readonly application: string;
  /** Keys that the caller shows. */
  readonly keys: readonly string[];
}

const MOST_EXCHANGES = 3;

/** The token that comes of it; `null`: none may. */
export function whatComesOf(world: ModelWorld, question: ModelQuestion): ModelIssued | null {
  const { client, token, application } = question;
  const target = client.targets.find((each) => each.application === application);
  const key = keyOf(question);
  if (target === undefined || key === 'not shown' || (client.needsKey && key === null)) return null;
  const way = token.by === 'provider' ? fromProvider(world, client, token, target) : fromUs(client, token, target);
  if (way === null) return null;
  const may = world.subjectMay[application] ?? [];
  const holds = may.filter((permission) => way.within.every((list) => list.includes(permission)));
  const { actors, exchanges } = way;
  return holds.length === 0 ? null : { by: 'us', audience: application, issuedTo: client.name, key, actors, exchanges, holds };
}

/** A token that is bound stays with its key; a key that is shown binds. */
function keyOf({ token, keys }: ModelQuestion): string | null {
  if (token.key === null) return keys[0] ?? null;
  return keys.includes(token.key) ? token.key : 'not shown';
}

interface Way {
  readonly actors: readonly string[];
  readonly exchanges: number;
  readonly within: readonly (readonly string[])[];
}

function fromProvider(
  world: ModelWorld,
  client: ModelClient,
  token: Extract<ModelToken, { by: 'provider' }>,
  target: ModelTarget,
): Way | null {
  if (!world.accepted.includes(token.audience)) return null;
  if (token.issuedTo === client.known) return { actors: [], exchanges: 1, within: [target.mayAsk] };
  if (client.isPublic) return null;
  const mayPresent = client.mayPresent.includes(token.issuedTo) || (client.api !== null && client.api === token.audience);
  if (!mayPresent) return null;
  return { actors: [client.name], exchanges: 1, within: [target.mayAsk, target.mayExercise] };
}

function fromUs(client: ModelClient, token: ModelIssued, target: ModelTarget): Way | null {
  const exchanges = token.exchanges + 1;
  if (client.isPublic || exchanges > MOST_EXCHANGES) return null;
  const isSamePlace = token.audience === target.application;
  const asBefore = isSamePlace ? [token.holds] : [];
  if (token.issuedTo === client.name && isSamePlace) {
    const others = token.actors.length === 0 ? [] : [target.mayExercise];
    return { actors: token.actors, exchanges, within: [target.mayAsk, ...others, ...asBefore] };
  }
  const hops = hopsOf(client, token, target);
  const actors = [client.name, ...token.actors];
  if (hops.length === 0 || actors.length > MOST_EXCHANGES) return null;
  const within = [target.mayAsk, target.mayExercise, ...hops.map(({ mayExercise }) => mayExercise), ...asBefore];
  return { actors, exchanges, within };
}

/** None for a token of another API, and none for whoever acts in it already. */
function hopsOf(client: ModelClient, token: ModelIssued, target: ModelTarget): ModelTarget['hops'] {
  if (!client.serves.includes(token.audience) || token.actors.includes(client.name)) return [];
  return target.hops.filter(({ from }) => from === token.audience);
}
