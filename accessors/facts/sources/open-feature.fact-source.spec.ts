import { afterAll, describe, expect, it } from '@jest/globals';
import {
  type EvaluationContext,
  TypedInMemoryProvider,
  OpenFeature,
  type Provider,
  ServerProviderStatus,
} from '@openfeature/server-sdk';
import { factSourceConformance } from '../../../test/conformance/fact-source.conformance.js';
import { CONTEXT } from '../../../test/support/accessor-parts.js';
import { OpenFeatureFactSource } from './open-feature.fact-source.js';

const question = (key: string, paths = ['flag.new_ui', 'flag.beta', 'subject.limits']) => ({
  tenantId: 't1',
  tenantSlug: 'acme',
  identity: { instance: 'oidc:https://idp.test', externalId: `${key}-upstream` },
  subjectKey: key,
  paths,
});
const never = (): AbortSignal => new AbortController().signal;
const forAna = ({ targetingKey }: EvaluationContext): 'on' | 'off' => (targetingKey === 'ana' ? 'on' : 'off');

const memory = () =>
  new TypedInMemoryProvider({
    new_ui: { variants: { on: true, off: false }, defaultVariant: 'off', disabled: false, contextEvaluator: forAna },
    beta: { variants: { on: true, off: false }, defaultVariant: 'off', disabled: false },
    text: { variants: { on: 'true' }, defaultVariant: 'on', disabled: false },
    'subject.limits': {
      variants: { on: { amount: 500 }, off: { amount: 10 } },
      defaultVariant: 'off',
      disabled: false,
      contextEvaluator: forAna,
    },
  });

let domains = 0;
async function sourceOn(provider: Provider): Promise<{ source: OpenFeatureFactSource; domain: string }> {
  const domain = `spec-${String((domains += 1))}`;
  await OpenFeature.setProviderAndWait(domain, provider);
  return {
    source: new OpenFeatureFactSource({
      name: 'flags',
      client: OpenFeature.getClient(domain),
      shutDown: () => Promise.resolve(),
    }),
    domain,
  };
}

afterAll(() => OpenFeature.close());

describe('OpenFeatureFactSource keeps the contract of fact sources', () => {
  let provider = memory();
  const off = { 'flag.new_ui': false, 'flag.beta': false, 'subject.limits': { amount: 10 } };
  const rules = factSourceConformance({
    start: async () => {
      provider = memory();
      return (await sourceOn(provider)).source;
    },
    known: [
      { question: question('ana'), values: { 'flag.new_ui': true, 'flag.beta': false, 'subject.limits': { amount: 500 } } },
      { question: question('bo'), values: off },
    ],
    nobody: question('nobody'),
    valuesOfNobody: off,
    fail: () => {
      const { resolveBooleanEvaluation } = provider;
      provider.resolveBooleanEvaluation = () => Promise.reject(new Error('away'));
      return Promise.resolve(() => {
        provider.resolveBooleanEvaluation = resolveBooleanEvaluation;
        return Promise.resolve();
      });
    },
  });
  it.each(rules)('$name', ({ check }) => check());
});

describe('OpenFeatureFactSource', () => {
  it.each(['flag.text', 'flag.unknown', 'new_ui', 'beta'])(
    'knows nothing of %s, which is not there or of another type',
    async (path) => {
      const { source } = await sourceOn(memory());
      expect(await source.read(CONTEXT, question('ana', [path]), never())).toEqual(new Map());
    },
  );

  it('rejects while the provider is not ready: its defaults decide nothing', async () => {
    const { source, domain } = await sourceOn(memory());
    const unready = {
      metadata: { name: 'unready' },
      runsOn: 'server',
      initialize: () => Promise.reject(new Error('away')),
    } as unknown as Provider;
    await OpenFeature.setProviderAndWait(domain, unready).catch(() => undefined);
    expect(OpenFeature.getClient(domain).providerStatus).toBe(ServerProviderStatus.ERROR);
    await expect(source.read(CONTEXT, question('ana'), never())).rejects.toThrow();
  });
});
