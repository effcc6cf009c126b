import type { Application, RegisteredClient } from '#accessors/registration/contract.js';
import type { DelegationEngine } from '#engines/delegation/contract.js';
import {
  type ModelClient,
  type ModelIssued,
  type ModelTarget,
  type ModelToken,
  whatComesOf,
} from '../../oracle/delegation/model.js';
import { DelegationWorld } from './delegation.world.js';

const APPLICATIONS = ['a', 'b', 'c', 'd'] as const;
const permissionsOf = (application: string): readonly string[] =>
  ['read', 'write', 'close'].map((verb) => `${application}:x:${verb}`);
const read = (application: string): readonly string[] => [`${application}:x:read`];

const target = (application: string, from: readonly string[] = [], changes: Partial<ModelTarget> = {}): ModelTarget => ({
  application,
  mayAsk: permissionsOf(application).slice(0, 2),
  mayExercise: [...read(application), `${application}:x:close`],
  hops: from.map((each) => ({ from: each, mayExercise: permissionsOf(application) })),
  ...changes,
});

const client = (name: string, targets: readonly ModelTarget[], changes: Partial<ModelClient> = {}): ModelClient => ({
  name,
  isPublic: false,
  known: `${name}-at-idp`,
  mayPresent: [],
  api: null,
  serves: [],
  needsKey: false,
  targets,
  ...changes,
});

/** A front end of each kind, a gateway, and three services in a row, each with the rights that it needs and one more. */
export const CLIENTS: readonly ModelClient[] = [
  client('web', [target('a'), target('d')]),
  client('spa', [target('a')], { isPublic: true, needsKey: true }),
  client('page', [target('b')], { isPublic: true }),
  client('gateway', [target('a'), target('b', ['a'])], { mayPresent: ['web-at-idp'] }),
  client('svc-a', [target('b', ['a']), target('a'), target('c', [], { mayExercise: [] })], { api: 'api-a', serves: ['a'] }),
  client('svc-b', [target('c', ['b']), target('a', ['b']), target('b', ['b'], { mayExercise: permissionsOf('b') })], {
    api: 'api-b',
    serves: ['b'],
  }),
  client('svc-c', [target('d', ['c']), target('b', ['c'], { mayExercise: [] })], { serves: ['c'], needsKey: true }),
];

const ACCEPTED = ['api-a', 'api-b'];
const SUBJECT_MAY = Object.fromEntries(APPLICATIONS.map((each) => [each, permissionsOf(each)]));
/** Names of clients at the identity provider: every one here, and one that is not here. */
const PRESENTERS = [...CLIENTS.map(({ known }) => known), 'stranger'];
const keyOf = (name: string): string => `key-${name}`;

const PROVIDERS: readonly ModelToken[] = [...ACCEPTED, 'api-x'].flatMap((audience) =>
  PRESENTERS.flatMap((issuedTo) =>
    [null, keyOf('spa'), keyOf('svc-a')].map((key) => ({ by: 'provider', audience, issuedTo, key }) as const),
  ),
);

/** One more than a chain may have; without the rule about chains there would be no end. */
const MOST_ROUNDS = 5;

/** One cell of the matrix: who hands in what, for what, with which key; and what came of it, twice. */
export interface Cell {
  readonly client: ModelClient;
  readonly token: ModelToken;
  readonly application: string;
  readonly keys: readonly string[];
  readonly came: ModelIssued | null;
  readonly may: ModelIssued | null;
  /** Code of the refusal; empty where there was none. */
  readonly code: string;
}

/** Every client × every token that the last round brought forth × target × key, until nothing new comes. */
export async function everyCell(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for await (const cell of cellsOf()) cells.push(cell);
  return cells;
}

/** The first cell in which an engine without some rule differs from the model. */
export async function firstDifference(delegationEngine: DelegationEngine): Promise<Cell | undefined> {
  for await (const cell of cellsOf(delegationEngine)) if (differs(cell)) return cell;
  return undefined;
}

async function* cellsOf(delegationEngine?: DelegationEngine): AsyncGenerator<Cell> {
  const world = new DelegationWorld({
    clients: CLIENTS.map(registered),
    applications: APPLICATIONS.map(application),
    audiences: ACCEPTED,
    ...(delegationEngine === undefined ? {} : { delegationEngine }),
  });
  const known = new Set<string>();
  let fresh: readonly Presentable[] = PROVIDERS.map((token) => ({ token, text: upstreamText(world, token) }));
  for (let round = 0; round < MOST_ROUNDS && fresh.length > 0; round += 1) {
    const found: Presentable[] = [];
    for (const { token, text, question } of presented(fresh)) {
      const { came, code, issued } = await asked(world, question, text);
      yield { ...question, token, came, code, may: whatComesOf({ accepted: ACCEPTED, subjectMay: SUBJECT_MAY }, question) };
      if (came === null || issued === null || known.has(nameOf(came))) continue;
      known.add(nameOf(came));
      found.push({ token: came, text: issued });
    }
    fresh = found;
  }
}

interface Presentable {
  readonly token: ModelToken;
  readonly text: string;
}

const presented = (tokens: readonly Presentable[]) =>
  tokens.flatMap(({ token, text }) => questionsOf(token).map((question) => ({ token, text, question })));

/** Where the service and the model differ. */
export const differs = ({ came, may }: Cell): boolean => nameOf(came) !== nameOf(may);

/** Everything that one compromised service can get hold of, which presents whatever it has seen as often as it likes. */
export function reachedBy(
  compromised: ModelClient,
  cells: readonly Cell[],
  pick: (cell: Cell) => ModelIssued | null,
): Set<string> {
  const own = cells.filter((cell) => cell.client.name === compromised.name);
  const seen = new Set(
    cells
      .map(({ token }) => token)
      .filter((token) => isSeenBy(compromised, token))
      .map(nameOf),
  );
  const got = new Set<string>();
  for (let before = -1; before !== got.size;) {
    before = got.size;
    for (const cell of own) {
      const result = seen.has(nameOf(cell.token)) || got.has(nameOf(cell.token)) ? pick(cell) : null;
      if (result !== null) got.add(nameOf(result));
    }
  }
  return got;
}

/** It was handed the token as the API that it is for, or as the client that it was issued to. */
function isSeenBy({ name, known, api, serves, mayPresent }: ModelClient, token: ModelToken): boolean {
  if (token.by === 'us') return token.issuedTo === name || serves.includes(token.audience);
  return token.issuedTo === known || token.audience === api || mayPresent.includes(token.issuedTo);
}

export const nameOf = (token: ModelToken | null): string => JSON.stringify(token);

function questionsOf(token: ModelToken) {
  return CLIENTS.flatMap((each) =>
    APPLICATIONS.flatMap((application) => [[], [keyOf(each.name)]].map((keys) => ({ client: each, token, application, keys }))),
  );
}

async function asked(
  world: DelegationWorld,
  { client: caller, application, keys }: Pick<Cell, 'client' | 'application' | 'keys'>,
  subjectToken: string,
): Promise<{ readonly came: ModelIssued | null; readonly issued: string | null; readonly code: string }> {
  const shown = keys.map((jkt) => ({ jkt }));
  const outcome = await world.exchange(registered(caller), { subjectToken, audience: [application] }, shown);
  if ('code' in outcome) return { came: null, issued: null, code: outcome.code };
  return { came: described(outcome.claims), issued: outcome.token, code: '' };
}

interface Claims {
  readonly aud: string;
  readonly client_id: string;
  readonly cnf?: { readonly jkt: string };
  readonly act?: Acting;
  readonly hop?: number;
  readonly permissions?: readonly string[];
}

interface Acting {
  readonly sub: string;
  readonly act?: Acting;
}

function described(claims: Readonly<Record<string, unknown>>): ModelIssued {
  const { aud, client_id: issuedTo, cnf, act, hop = 1, permissions = [] } = claims as unknown as Claims;
  return {
    by: 'us',
    audience: aud,
    issuedTo,
    key: cnf?.jkt ?? null,
    actors: actorsIn(act),
    exchanges: hop,
    holds: permissions.toSorted(byVerb),
  };
}

/** In the order in which the model lists them. */
function byVerb(one: string, other: string): number {
  const all = APPLICATIONS.flatMap(permissionsOf);
  return all.indexOf(one) - all.indexOf(other);
}

function actorsIn(act: Acting | undefined): readonly string[] {
  if (act === undefined) return [];
  const name = CLIENTS.find((each) => act.sub === `c__client_${each.name}_`)?.name ?? act.sub;
  return [name, ...actorsIn(act.act)];
}

function upstreamText(world: DelegationWorld, token: ModelToken): string {
  if (token.by === 'us') throw new Error('The identity provider did not issue that.');
  const { audience: aud, issuedTo, key } = token;
  return world.upstreamToken({ aud, client_id: issuedTo, ...(key === null ? {} : { cnf: { jkt: key } }) });
}

const made = new Map<ModelClient, RegisteredClient>();

/** The same words as a registration. */
function registered(model: ModelClient): RegisteredClient {
  const known = made.get(model);
  if (known !== undefined) return known;
  const at = (id: string) => ({ issuer: 'keycloak', id });
  const registration: RegisteredClient = {
    clientId: model.name,
    kind: model.isPublic ? 'public' : 'confidential',
    binding: model.needsKey ? 'required' : 'optional',
    ownPresenters: [at(model.known)],
    listedPresenters: model.mayPresent.map(at),
    apiAudiences: model.api === null ? [] : [at(model.api)],
    serves: model.serves,
    targets: model.targets.map(({ application: audience, mayAsk, mayExercise, hops }) => ({
      audience,
      scopes: mayAsk,
      delegationCeiling: mayExercise,
      hops: hops.map(({ from, mayExercise: ceiling }) => ({ from, ceiling })),
    })),
  };
  made.set(model, registration);
  return registration;
}

function application(name: string): Application {
  return {
    id: name,
    audience: name,
    prefix: name,
    permissions: permissionsOf(name).map((permission, bit) => ({ name: permission, bit })),
    allowsEmptyPermissions: false,
    tokenLifetimeSeconds: null,
  };
}
