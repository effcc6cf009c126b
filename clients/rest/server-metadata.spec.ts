import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readClientKey } from '#engines/token-validation/caller-proofs/client-keys.js';
import { ADMINISTRATION_APPLICATION } from '#managers/administration/administration-application.js';
import type { Settings } from '#utilities/config/contract.js';
import { parseSettings } from '#utilities/config/settings.loader.js';
import { restHandlers } from '../../test/support/rest-handlers.js';
import { abilitiesOf, ADMINISTRATION_SCOPES, ASSERTION_ALGORITHMS } from './abilities.js';
import { belowIssuer, ROUTES } from './routes.js';
import {
  authorizationServerMetadata,
  openIdConfiguration,
  protectedResourceMetadata,
  resourceMetadataUrl,
} from './server-metadata.js';

const ISSUER = 'https://auth.example.com';
const SETTINGS = parseSettings(`issuer: ${ISSUER}`, 'f', {}, 'dev');
const TLS = { certFile: 'c', keyFile: 'k', clientCertificates: 'request', clientCaFile: 'a' } as const;
const abilities = (http: Partial<Settings['http']> = {}): ReturnType<typeof abilitiesOf> =>
  abilitiesOf({ ...SETTINGS, http: { ...SETTINGS.http, ...http } });

const METHODS = { POST: 'POST', 'GET, HEAD': 'GET', 'every method': 'ALL' } as const;

describe('The list of routes', () => {
  it('is what the controllers answer to, beside administration and health', () => {
    const answered = restHandlers()
      .filter(({ path, method }) => !path.startsWith('/admin/') && !/^\/(health|livez|readyz)/.test(path) && method !== 'OPTIONS')
      .map(({ path, method }) => ({ path, method }));
    const listed = ROUTES.map(({ path, methods }) => ({ path, method: METHODS[methods] }));
    expect([...answered].sort(byPath)).toEqual([...listed].sort(byPath));
  });

  it('has every endpoint of OAuth advertised, and nothing advertised that is not there', () => {
    const metadata = authorizationServerMetadata(abilities());
    const endpoints = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name.endsWith('_uri'));
    const listed = ROUTES.flatMap(({ member, path }) => (member === null ? [] : [[member, ISSUER + path]]));
    expect(endpoints.sort()).toEqual(listed.sort());
    for (const { path, member } of ROUTES) if (path.startsWith('/oauth2/')) expect([path, member]).not.toEqual([path, null]);
  });
});

describe('RFC 8414 metadata', () => {
  it('lists what is built', () => {
    expect(authorizationServerMetadata(abilities())).toMatchObject({
      issuer: ISSUER,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']),
    });
  });

  it('says which algorithms assertions may have wherever they may be sent, RS256 among them and never none', () => {
    const metadata = authorizationServerMetadata(abilities());
    for (const endpoint of ['token', 'introspection', 'revocation']) {
      const algorithms = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`];
      expect(algorithms).toEqual(ASSERTION_ALGORITHMS);
      expect(algorithms).toContain('RS256');
      expect(algorithms).not.toContain('none');
    }
  });

  it('lists algorithms that a registered key may have, all of them', () => {
    for (const alg of ASSERTION_ALGORITHMS) expect([alg, readClientKey({ ...keyFor(alg), alg }).ok]).toEqual([alg, true]);
    for (const alg of ['none', 'HS256']) expect(readClientKey({ ...keyFor('RS256'), alg }).ok).toBe(false);
  });

  it('tells of mutual TLS where a certificate can be shown, and not elsewhere', () => {
    const plain = authorizationServerMetadata(abilities());
    expect(plain).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
    const metadata = authorizationServerMetadata(abilities({ tls: TLS }));
    expect(metadata['tls_client_certificate_bound_access_tokens']).toBe(true);
    for (const method of ['tls_client_auth', 'self_signed_tls_client_auth']) {
      expect(metadata['token_endpoint_auth_methods_supported']).toContain(method);
      expect(plain['token_endpoint_auth_methods_supported']).not.toContain(method);
    }
    const selfSigned = authorizationServerMetadata(abilities({ tls: { ...TLS, clientCaFile: null } }));
    expect(selfSigned['token_endpoint_auth_methods_supported']).not.toContain('tls_client_auth');
    const none = authorizationServerMetadata(abilities({ tls: { ...TLS, clientCertificates: 'none' } }));
    expect(none).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
  });

  it('has no member without a value', () => {
    for (const made of [authorizationServerMetadata, openIdConfiguration, protectedResourceMetadata]) {
      for (const value of Object.values(made({ ...abilities(), proofAlgorithms: [], administration: [] }))) {
        expect(value === undefined || (Array.isArray(value) && value.length === 0)).toBe(false);
      }
    }
  });

  it('agrees with the OpenID document', () => {
    const [oauth, openId] = [authorizationServerMetadata(abilities()), openIdConfiguration(abilities())];
    for (const [name, value] of Object.entries(openId)) if (name in oauth) expect([name, oauth[name]]).toEqual([name, value]);
  });
});

describe('RFC 9728 metadata of the administration', () => {
  it('names its authorization server, and is named by it', () => {
    const resource = protectedResourceMetadata(abilities());
    expect(resource).toMatchObject({ resource: `${ISSUER}/admin/v1`, authorization_servers: [ISSUER] });
    expect(authorizationServerMetadata(abilities())['protected_resources']).toEqual([resource['resource']]);
    expect(resourceMetadataUrl(ISSUER)).toBe(`${ISSUER}/.well-known/oauth-protected-resource/admin/v1`);
  });

  it('lists the permissions that operators may ask for', () => {
    expect([...ADMINISTRATION_SCOPES].sort()).toEqual(ADMINISTRATION_APPLICATION.permissions.map(({ name }) => name).sort());
  });
});

describe('An issuer with a path', () => {
  const moved = belowIssuer(`${ISSUER}/tenants/a`);

  it.each([
    ['/.well-known/oauth-authorization-server/tenants/a', '/.well-known/oauth-authorization-server'],
    ['/tenants/a/.well-known/openid-configuration', '/.well-known/openid-configuration'],
    ['/.well-known/oauth-protected-resource/tenants/a/admin/v1', '/.well-known/oauth-protected-resource/admin/v1'],
    ['/tenants/a/oauth2/token?x=1', '/oauth2/token?x=1'],
    ['/oauth2/token', '/oauth2/token'],
    ['/tenants/ab/oauth2/token', '/tenants/ab/oauth2/token'],
    ['/tenants/a', '/tenants/a'],
    ['/.well-known/oauth-authorization-server/tenants/ab', '/.well-known/oauth-authorization-server/tenants/ab'],
  ])('has %s answered as %s', (url, path) => {
    expect(moved(url)).toBe(path);
    expect(belowIssuer(ISSUER)(url)).toBe(url);
  });

  it('has its resource described between host and path', () => {
    expect(resourceMetadataUrl(`${ISSUER}/tenants/a`)).toBe(`${ISSUER}/.well-known/oauth-protected-resource/tenants/a/admin/v1`);
  });
});

const byPath = (one: { readonly path: string }, other: { readonly path: string }): number => one.path.localeCompare(other.path);

function keyFor(alg: string): Record<string, unknown> {
  if (alg.startsWith('ES')) {
    const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] ?? '';
    return { ...generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' }) };
  }
  if (alg.startsWith('Ed')) return { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) };
  return { ...RSA };
}
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
