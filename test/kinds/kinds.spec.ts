import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accessOf } from '#clients/grpc/method-access.js';
import { describeOnPostgres } from '../support/database.js';
import { restHandlers, type RestHandler } from '../support/rest-handlers.js';
import { type Kind, startWorld, type World } from './kinds.js';
import { REST_SLOTS, type Slot } from './slots.js';
import { GRPC_METHODS, GRPC_SLOTS, isLetIn, metadataOf } from './slots.grpc.js';

/** The public keys, which anybody may read over HTTP too. */
const OPEN_METHOD = '/countersign.keys.v1.KeyService/GetJwks';
const OPERATORS: readonly Kind[] = ['access token of an operator'];
const HANDLERS = restHandlers();
const nameOf = ({ method, path }: RestHandler): string => `${method} ${path}`;

describe('The table of kinds', () => {
  it('has a row for every endpoint that is no administration, and for nothing else', () => {
    const open = HANDLERS.filter(({ access }) => access.kind === 'open').map(nameOf);
    expect(Object.keys(REST_SLOTS).sort()).toEqual([...open].sort());
    const operators = HANDLERS.filter(({ access }) => access.kind === 'operator');
    expect(operators.filter(({ path }) => !path.startsWith('/admin/v1/'))).toEqual([]);
    expect(operators.length).toBeGreaterThan(20);
  });

  it('has a row for every gRPC method that is no administration, and for nothing else', () => {
    const forClients = GRPC_METHODS.filter((path) => accessOf(path).kind === 'client');
    expect(Object.keys(GRPC_SLOTS).sort()).toEqual([...forClients].sort());
    expect(GRPC_METHODS.filter((path) => accessOf(path).kind === 'open')).toEqual([OPEN_METHOD]);
  });
});

describeOnPostgres('No kind passes for another', (open) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(await open());
  }, 60_000);
  afterAll(() => world.service.stop());

  /** Which kinds a place takes, out of all. */
  const taken = async (uri: string, takes: (text: string) => Promise<boolean>): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const [kind, make] of Object.entries(world.kinds)) {
      if (
        await takes(
          await make({
            method: uri.slice(0, uri.indexOf(' ')),
            uri: world.service.settings.issuer + uri.slice(uri.indexOf(' ') + 1),
          }),
        )
      )
        found.push(kind);
    }
    return found.sort();
  };

  const rows = (table: Readonly<Record<string, readonly Slot[]>>): [string, string, Slot][] =>
    Object.entries(table).flatMap(([endpoint, slots]) =>
      slots.map((slot): [string, string, Slot] => [endpoint, slot.name, slot]),
    );

  it.each(rows(REST_SLOTS))('at %s, as %s', async (endpoint, _name, { accepts, takes }) => {
    expect(await taken(endpoint, (text) => takes(world, text))).toEqual([...accepts].sort());
  });

  it.each(rows(GRPC_SLOTS))('at %s, as %s', async (endpoint, _name, { accepts, takes }) => {
    expect(await taken(`POST ${endpoint}`, (text) => takes(world, text))).toEqual([...accepts].sort());
  });

  it.each(HANDLERS.filter(({ access }) => access.kind === 'operator').map((handler) => [nameOf(handler), handler] as const))(
    'at %s, as the bearer token of an operator',
    async (endpoint, { method, path }) => {
      const url = world.service.host.httpUrl + path.replaceAll(/:(tenant|[a-z]+)(?=\/|$)/gi, 'x');
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } };
      const isIn = async (scheme: string, text: string): Promise<boolean> => {
        const headers = { ...body.headers, authorization: `${scheme} ${text}` };
        return (await fetch(url, { ...body, method, headers })).status !== 401;
      };
      expect(await taken(endpoint, (text) => isIn('Bearer', text))).toEqual(OPERATORS);
      expect(await taken(endpoint, (text) => isIn('Basic', text))).toEqual([]);
    },
  );

  it('has no method that lets anybody in without credentials, but for the one that is open', async () => {
    const letIn: string[] = [];
    for (const path of GRPC_METHODS) if (await isLetIn(world, path, metadataOf({}))) letIn.push(path);
    expect(letIn).toEqual([OPEN_METHOD]);
  });

  it.each(GRPC_METHODS.filter((path) => accessOf(path).kind === 'operator'))(
    'at %s, as the bearer token of an operator',
    async (path) => {
      expect(
        await taken(`POST ${path}`, (text) => isLetIn(world, path, metadataOf({ authorization: `Bearer ${text}` }))),
      ).toEqual(OPERATORS);
    },
  );
});
