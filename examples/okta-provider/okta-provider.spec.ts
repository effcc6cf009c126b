import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { identityProviderConformance } from '../../test/conformance/identity-provider.conformance.js';
import type { AccessSample } from '../../test/conformance/identity-provider.samples.js';
import { OIDC_SAMPLES } from '../../test/conformance/oidc.samples.js';
import { StubIssuerAccess } from '../../test/vectors/stub.issuer.access.js';
import { makeKey, signedToken, verificationKey } from '../../test/vectors/token-factory.js';
import { CONTEXT } from '../../test/vectors/validation-bench.js';
import { OKTA_SAMPLES } from './fixtures/okta.samples.js';
import { createOktaIdentityProvider } from './okta.identity-provider.js';

const create = () => createOktaIdentityProvider(createOidcIdentityProvider());
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/extending/identity-provider.md'), 'utf8');
const BLOCK = /^```ts examples\/okta-provider\/(\S+)\n([\s\S]*?)^```$/gm;

describe('The provider of the example', () => {
  for (const { name, run } of identityProviderConformance(create, OKTA_SAMPLES)) it(name, run);
});

describe('The provider of the example, for issuers that are not Okta', () => {
  for (const { name, run } of identityProviderConformance(create, OIDC_SAMPLES)) it(name, run);
});

describe('The generic provider alone', () => {
  it('could not have told a user of Okta from a service, so the example is needed', () => {
    const cases = identityProviderConformance(createOidcIdentityProvider, OKTA_SAMPLES);
    const broken = cases.filter(({ run }) => fails(run)).map(({ rule }) => rule);
    expect(broken).toEqual(expect.arrayContaining(['accepts-genuine', 'refuses-others']));
  });
});

describe('The engine with the provider of the example', () => {
  const [user, , service] = OKTA_SAMPLES.access;
  const key = makeKey('RS256', 'k');

  async function accepted(sample: AccessSample | undefined) {
    if (sample === undefined) throw new Error('There is no such sample.');
    const issuerAccess = new StubIssuerAccess().trust(sample.issuer, String(sample.claims['iss']), [verificationKey(key)]);
    const clock = new ManualClock(1_790_000_060_000);
    const engine = new DefaultTokenValidationEngine({
      issuerAccess,
      providers: [create()],
      clock,
      ownIssuer: 'https://auth.example',
    });
    const ownPresenters = [{ issuer: sample.issuer.name, id: sample.presenter ?? '' }];
    return engine.validate(CONTEXT, {
      token: signedToken(sample.header, sample.claims, key),
      field: 'subject_token',
      presenter: { ownPresenters, listedPresenters: [], apiAudiences: [] },
    });
  }

  it('accepts a user by uid', async () => {
    expect(await accepted(user)).toMatchObject({
      outcome: 'accepted',
      principal: { kind: 'user', identity: { externalId: '00u1' } },
    });
  });

  it('accepts a service by the id of its client', async () => {
    expect(await accepted(service)).toMatchObject({
      outcome: 'accepted',
      principal: { kind: 'workload', identity: { externalId: 'client:0oa2' } },
    });
  });
});

describe('The page about identity providers', () => {
  const blocks = [...PAGE.matchAll(BLOCK)];
  const files = [...new Set(blocks.map(([, file]) => file ?? ''))];

  it('shows the provider and its samples', () => {
    expect(files).toEqual(['okta.identity-provider.ts', 'fixtures/okta.samples.ts']);
  });

  it.each(['okta.identity-provider.ts'])('shows the whole of %s as it is', (file) => {
    const shown = blocks.filter(([, name]) => name === file).map(([, , code]) => code ?? '');
    expect(shown.join('\n')).toBe(readFileSync(join(import.meta.dirname, file), 'utf8'));
  });

  it('lists the rules of the kit', () => {
    const listed = [...PAGE.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gm)].map(([, rule, says]) => `${rule ?? ''}: ${says ?? ''}`);
    const rules = identityProviderConformance(createOidcIdentityProvider, OIDC_SAMPLES).map(
      ({ rule, name }) => `${rule}: ${name}`,
    );
    expect(listed).toEqual(expect.arrayContaining(rules));
  });

  it('quotes the samples as they are', () => {
    const samples = readFileSync(join(import.meta.dirname, 'fixtures/okta.samples.ts'), 'utf8');
    const shown = blocks.filter(([, name]) => name === 'fixtures/okta.samples.ts').map(([, , code]) => code ?? '');
    expect(shown.length).toBeGreaterThan(0);
    for (const code of shown) expect(samples).toContain(code);
  });
});

function fails(run: () => void): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}
