import { describe, expect, it } from '@jest/globals';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { describeIssuer, type IssuerOptions } from './issuer-description.js';

const OPTIONS = { fromUrl: 'https://idp.example', name: 'idp', audience: ['api'], tenant: 'acme' } as const;
const DIRECTORY = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';

function missing(options: IssuerOptions): string | undefined {
  try {
    describeIssuer(options);
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.details.actual : 'another error';
  }
}

describe('an issuer by its URL', () => {
  it('is an issuer of an import file', () => {
    expect(describeIssuer(OPTIONS)).toEqual({
      name: 'idp',
      provider: 'oidc',
      issuer: 'https://idp.example',
      audiences: ['api'],
      tenant: 'acme',
    });
  });

  it('may be the URL of its metadata', () => {
    const fromUrl = 'https://idp.example/realms/r/.well-known/openid-configuration';
    expect(describeIssuer({ ...OPTIONS, fromUrl })).toMatchObject({ issuer: 'https://idp.example/realms/r' });
  });

  it('takes a preset and a condition, whatever the value holds', () => {
    expect(describeIssuer({ ...OPTIONS, preset: 'github-actions', when: 'repository_owner_id=a=b' })).toMatchObject({
      preset: 'github-actions',
      tenants: [{ tenant: 'acme', when: { claim: 'repository_owner_id', equals: 'a=b' } }],
    });
    expect(missing({ ...OPTIONS, when: 'nothing' })).toBe('--when: expected claim=value');
  });

  it.each([
    ['login.microsoftonline.com', 'public'],
    ['login.microsoftonline.us', 'usgov'],
    ['login.partner.microsoftonline.cn', 'china'],
  ])('of Entra ID names cloud and directory: %s', (host, cloud) => {
    expect(describeIssuer({ ...OPTIONS, fromUrl: `https://${host}/${DIRECTORY}/v2.0` })).toEqual({
      name: 'idp',
      provider: 'entra-id',
      cloud,
      audiences: ['api'],
      directories: [{ id: DIRECTORY, tenant: 'acme' }],
    });
  });

  it('says everything that is missing', () => {
    expect(missing({ audience: [] })).toBe('missing: --from-url, --name, --tenant, --audience; or give --from-file');
  });
});
