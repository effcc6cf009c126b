import { afterEach, describe, expect, it } from '@jest/globals';
import { factSourceConformance } from '../../../test/conformance/fact-source.conformance.js';
import { CONTEXT } from '../../../test/support/accessor-parts.js';
import { JsonEndpoint, type JsonAnswer } from '../../../test/support/json-endpoint.js';
import { HttpFactSource } from './http.fact-source.js';

const PEOPLE: ReadonlyMap<string, object> = new Map([
  ['ana', { 'subject.department': 'sales', 'subject.level': 3 }],
  ['bo', { 'subject.department': null, 'subject.level': 5 }],
]);
const question = (key: string, paths = ['subject.department', 'subject.level']) => ({
  tenantId: 't1',
  tenantSlug: 'acme',
  identity: { instance: 'oidc:https://idp.test', externalId: `${key}-upstream` },
  subjectKey: key,
  paths,
});
const never = (): AbortSignal => new AbortController().signal;
const opened: JsonEndpoint[] = [];
afterEach(() => Promise.all(opened.splice(0).map((endpoint) => endpoint.stop())));

function keyIn(body: unknown): string {
  const { subject } = body as { subject: { key: string } };
  return subject.key;
}

const tellsPeople = (body: unknown): JsonAnswer => ({ body: { values: PEOPLE.get(keyIn(body)) ?? {} } });

async function sourceOn(answer: (body: unknown) => JsonAnswer | Promise<JsonAnswer>, bearer: string | null = null) {
  const endpoint = new JsonEndpoint(answer);
  opened.push(endpoint);
  const url = await endpoint.start();
  const credential = bearer === null ? null : () => Promise.resolve(bearer);
  return { endpoint, source: new HttpFactSource({ name: 'people', url, bearer: credential, fetch }) };
}

describe('HttpFactSource keeps the contract of fact sources', () => {
  const endpoint = new JsonEndpoint(tellsPeople);
  const rules = factSourceConformance({
    start: async () => {
      opened.push(endpoint);
      return new HttpFactSource({ name: 'people', url: await endpoint.start(), bearer: null, fetch });
    },
    known: [
      { question: question('ana'), values: { 'subject.department': 'sales', 'subject.level': 3 } },
      { question: question('bo'), values: { 'subject.department': null, 'subject.level': 5 } },
    ],
    nobody: question('nobody'),
    fail: async () => {
      const { port } = endpoint;
      await endpoint.stop();
      return async () => {
        await endpoint.start(port);
      };
    },
  });
  it.each(rules)('$name', ({ check }) => check());
});

describe('HttpFactSource', () => {
  it('asks with the question, the request id and the bearer token, and with nothing else of the subject', async () => {
    const { endpoint, source } = await sourceOn(tellsPeople, 'secret');
    await source.read(CONTEXT, question('ana'), never());
    expect(endpoint.asked).toMatchObject([
      {
        headers: { authorization: 'Bearer secret', 'x-request-id': CONTEXT.diagnosticId, 'content-type': 'application/json' },
        body: {
          tenant: { id: 't1', slug: 'acme' },
          subject: { key: 'ana', instance: 'oidc:https://idp.test', externalId: 'ana-upstream' },
          paths: ['subject.department', 'subject.level'],
        },
      },
    ]);
  });

  it.each<[string, JsonAnswer]>([
    ['a status that is not 200', { status: 404, body: {} }],
    ['HTML', { contentType: 'text/html', body: null, text: '<html>' }],
    ['no JSON', { body: null, text: '{' }],
    ['no values', { body: {} }],
    ['values that are a list', { body: { values: [] } }],
    ['values of the prototype', { body: null, text: '{"__proto__":{"values":{"subject.level":9}}}' }],
    ['more than 64 KiB', { body: { values: { 'subject.level': 'x'.repeat(70_000) } } }],
    ['bytes that are no UTF-8', { body: null, text: Buffer.from('{"values":{"subject.level":"\xff"}}', 'latin1') }],
  ])('does not take %s for an answer', async (_title, answer) => {
    const { source } = await sourceOn(() => answer);
    await expect(source.read(CONTEXT, question('ana'), never())).rejects.toThrow();
  });

  it('follows no redirect, so that nobody else is handed the credential', async () => {
    const { endpoint: elsewhere } = await sourceOn(tellsPeople);
    const location = `http://127.0.0.1:${String(elsewhere.port)}/`;
    const { source } = await sourceOn(() => ({ status: 307, location, body: {} }), 'secret');
    await expect(source.read(CONTEXT, question('ana'), never())).rejects.toThrow();
    expect(elsewhere.asked).toEqual([]);
  });

  it('gives up in the middle of an answer that does not come', async () => {
    const { source } = await sourceOn(() => new Promise<never>(() => undefined));
    const given = new AbortController();
    const asked = source.read(CONTEXT, question('ana'), given.signal);
    given.abort();
    await expect(asked).rejects.toThrow();
  });
});
