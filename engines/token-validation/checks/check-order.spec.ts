import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StubIssuerAccess } from '../../../test/vectors/stub.issuer.access.js';
import { createEntraIdIdentityProvider } from '../providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '../providers/oidc.identity-provider.js';
import { openingChecks, provingChecks } from './check-order.js';

const issuerAccess = new StubIssuerAccess();
const opening = openingChecks({ issuerAccess, providers: new Map(), ownIssuer: 'https://auth.example.com' });
const own = [...opening, ...provingChecks(issuerAccess, { checks: [] })].map((check) => check.name);
const providers = [createEntraIdIdentityProvider(), createOidcIdentityProvider()].flatMap((provider) => [
  ...provider.checks,
  ...(provider.acceptance ?? []),
]);
const page = readFileSync(join(import.meta.dirname, '../../../docs/architecture/token-validation.md'), 'utf8');

describe('The list of checks', () => {
  it('names each check once, by the name of its file', () => {
    const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.check.ts'));
    expect([...own].sort()).toEqual(files.map((file) => file.slice(0, -'.check.ts'.length)).sort());
    const all = [...own, ...providers.map((check) => check.name)];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is the order that the documentation tells', () => {
    const told = [...page.matchAll(/^\| \d+ \| `([a-z-]+)` \|/gmu)].map(([, name]) => name);
    expect(told).toEqual(own);
    for (const check of providers) expect(page).toContain(`\`${check.name}\``);
  });
});
