import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { GRPC_SERVICES } from '#clients/grpc/grpc-services.js';
import { basic, call } from '../support/callers.js';
import { batchOverGrpc, everythingOverGrpc, oneOverGrpc } from '../support/checks.js';
import { SAMPLE_AUDIENCE } from '../support/service.js';
import { introspectOverGrpc, revokeOverGrpc } from '../support/token-status.js';
import { KEYED, type Kind, type World } from './kinds.js';
import type { Slot } from './slots.js';

/** Every method of every service, by its path. */
export const GRPC_METHODS: readonly string[] = GRPC_SERVICES.flatMap(({ definition }) =>
  Object.values(definition).map(({ path }) => path),
);

const AUTH = '/countersign.auth.v1.AuthService';
const ECHO = '/countersign.diagnostics.v1.DiagnosticsService/Echo';
const EXT_AUTHZ = '/envoy.service.auth.v3.Authorization/Check';
const WATCH_KEYS = '/countersign.keys.v1.KeyService/WatchKeys';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ITEMS = [{ permission: 'billing:invoice:read', resource: undefined }];
const ASKED_ABOUT: readonly Kind[] = ['access token of ours', 'access token of an identity provider'];

/** Who is let in at all is told by what the method says after that: it is handed an empty message. */
export async function isLetIn(world: World, path: string, metadata: Metadata): Promise<boolean> {
  const client = new Client(world.service.host.grpcAddress, credentials.createInsecure());
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    const stream = client.makeServerStreamRequest(path, same, same, Buffer.alloc(0), metadata, { deadline: Date.now() + 20_000 });
    const told = (letIn: boolean): void => {
      stream.cancel();
      client.close();
      resolve(letIn);
    };
    // Of what has no end, the first message says it.
    stream.on('data', () => {
      told(true);
    });
    stream.on('error', ({ code }: ServiceError) => {
      told(code !== status.UNAUTHENTICATED);
    });
    stream.on('end', () => {
      told(true);
    });
  });
}

export function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

function slot(name: string, accepts: readonly Kind[], takes: (world: World, text: string) => Promise<unknown>): Slot {
  return { name, accepts, takes: async (world, text) => (await takes(world, text)) === true };
}

/** Where every client proves itself. */
function clientSlots(path: string): readonly Slot[] {
  const sending = (
    name: string,
    accepts: readonly Kind[],
    entries: (text: string) => Readonly<Record<string, string>>,
  ): Slot => ({
    name,
    accepts,
    takes: (world, text) => isLetIn(world, path, metadataOf(entries(text))),
  });
  return [
    sending('client-assertion', ['client assertion'], (text) => ({
      'client-assertion': text,
      'client-assertion-type': ASSERTION,
    })),
    sending('authorization: Bearer', [], (text) => ({ authorization: `Bearer ${text}` })),
    sending('secret of authorization: Basic', [], (text) => ({ authorization: basic(KEYED, text) })),
  ];
}

const subjectOf = (token: string) => ({ by: { $case: 'token' as const, value: token } });
const circumstances = { audience: SAMPLE_AUDIENCE, tenant: 'acme' };
const upstream = (world: World) => world.kinds['access token of an identity provider']({ method: 'POST', uri: '' });

/** What clients call. Administration is not here: it takes one kind in one place, and is found by itself. */
export const GRPC_SLOTS: Readonly<Record<string, readonly Slot[]>> = {
  [`${AUTH}/ExchangeToken`]: [
    slot('subject_token', ASKED_ABOUT, async (world, text) => {
      const request = { subjectToken: text, subjectTokenType: JWT, audience: [SAMPLE_AUDIENCE], tenant: 'acme' };
      return (await call(world.service.host, world.authorization, request)).response !== undefined;
    }),
    slot('actor_token', [], async (world, text) => {
      const subject = { subjectToken: await upstream(world), subjectTokenType: JWT, audience: [SAMPLE_AUDIENCE], tenant: 'acme' };
      const request = { ...subject, actorToken: text, actorTokenType: JWT };
      return (await call(world.service.host, world.authorization, request)).response !== undefined;
    }),
    ...clientSlots(`${AUTH}/ExchangeToken`),
  ],
  [`${AUTH}/CheckPermission`]: [
    slot('subject.token', ASKED_ABOUT, async ({ service, authorization }, text) => {
      const question = { subject: subjectOf(text), items: ITEMS, explain: false, circumstances };
      return (await oneOverGrpc(service.host, authorization, question)).response !== undefined;
    }),
    ...clientSlots(`${AUTH}/CheckPermission`),
  ],
  [`${AUTH}/BatchCheckPermissions`]: [
    slot('subject.token', ASKED_ABOUT, async ({ service, authorization }, text) => {
      const question = { subject: subjectOf(text), items: ITEMS, explain: false, circumstances };
      return (await batchOverGrpc(service.host, authorization, question)).response !== undefined;
    }),
    slot('at_least_as_fresh', ['consistency token'], async (world, text) => {
      const fresh = { ...circumstances, atLeastAsFresh: text };
      const question = { subject: subjectOf(await upstream(world)), items: ITEMS, explain: false, circumstances: fresh };
      return (await batchOverGrpc(world.service.host, world.authorization, question)).response !== undefined;
    }),
    ...clientSlots(`${AUTH}/BatchCheckPermissions`),
  ],
  [`${AUTH}/ListEffectivePermissions`]: [
    slot('subject.token', ASKED_ABOUT, async ({ service, authorization }, text) => {
      const question = { subject: subjectOf(text), circumstances };
      return (await everythingOverGrpc(service.host, authorization, question)).response !== undefined;
    }),
    ...clientSlots(`${AUTH}/ListEffectivePermissions`),
  ],
  [`${AUTH}/IntrospectToken`]: [
    slot('token', ['access token of ours', 'access token of an operator'], async ({ service, authorization }, text) => {
      const { response } = await introspectOverGrpc(service.host, authorization, text);
      return response?.active;
    }),
    ...clientSlots(`${AUTH}/IntrospectToken`),
  ],
  [`${AUTH}/RevokeToken`]: [
    // It answers the same to everything; what it ends is told by the next introspection, in its own test.
    slot('token', [], async ({ service, authorization }, text) => {
      const { response } = await revokeOverGrpc(service.host, authorization, `${text}x`);
      return response === undefined;
    }),
    ...clientSlots(`${AUTH}/RevokeToken`),
  ],
  [ECHO]: clientSlots(ECHO),
  // Who the gateway is. Whom it asks about is in `test/gateways/`: without routes in the policy every answer is a denial.
  [EXT_AUTHZ]: clientSlots(EXT_AUTHZ),
  [WATCH_KEYS]: clientSlots(WATCH_KEYS),
};
