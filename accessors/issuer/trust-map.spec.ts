import { describe, expect, it } from '@jest/globals';
import { CONTEXT, setUpAccess } from './fixtures/issuer-access.fixture.js';
import { entraRegistration, oidcRegistration } from './fixtures/registrations.fixture.js';

const CLOUD = { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' };
const TID = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const OTHER = '2f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const RULES = [{ slug: 'acme', when: { claim: 'tid', equals: TID } }];

async function setUp() {
  const { access } = setUpAccess();
  await access.registerIssuer(CONTEXT, entraRegistration(CLOUD, [], { name: 'any', anyDirectory: true, tenantRules: RULES }));
  return {
    access,
    nameOf: async (iss: string): Promise<string | undefined> => (await access.trustedIssuer(CONTEXT, iss))?.name,
  };
}

describe('an issuer of any directory', () => {
  it('owns both forms of every directory of its cloud', async () => {
    const { nameOf } = await setUp();
    for (const tid of [TID, OTHER]) {
      expect(await nameOf(`https://sts.windows.net/${tid}/`)).toBe('any');
      expect(await nameOf(`https://login.microsoftonline.com/${tid}/v2.0`)).toBe('any');
    }
  });

  it('leaves a directory to the issuer that is registered for it', async () => {
    const { access, nameOf } = await setUp();
    await access.registerIssuer(CONTEXT, oidcRegistration(`https://sts.windows.net/${TID}/`, { name: 'exact' }));
    expect(await nameOf(`https://sts.windows.net/${TID}/`)).toBe('exact');
    expect(await nameOf(`https://sts.windows.net/${OTHER}/`)).toBe('any');
  });

  it('has one owner for each cloud', async () => {
    const { access } = await setUp();
    const again = entraRegistration(CLOUD, [], { name: 'again', anyDirectory: true, tenantRules: RULES });
    await expect(access.registerIssuer(CONTEXT, again)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
  });
});

describe('CVE-2026-22772 (an issuer pattern that matches more than it should)', () => {
  const V1 = (middle: string): string => `https://sts.windows.net/${middle}/`;
  const V2 = (middle: string): string => `https://login.microsoftonline.com/${middle}/v2.0`;
  const MIDDLES = [
    '',
    '{tenantid}',
    '%7Btenantid%7D',
    '*',
    '.*',
    'common',
    'organizations',
    'consumers',
    TID.toUpperCase(),
    TID.replaceAll('-', ''),
    `{${TID}}`,
    ` ${TID}`,
    `${TID} `,
    `${TID}\n`,
    `\u200b${TID}`,
    `${TID}/${OTHER}`,
    `${TID}/../${OTHER}`,
    `${TID}/v2.0/${OTHER}`,
    `${TID}%2f`,
    `${TID}%00`,
    `${TID}?`,
    `${TID}#`,
    `${TID}@attacker.example`,
    `x/${TID}`,
    `../${TID}`,
    TID.slice(1),
    `${TID}0`,
    TID.replace('1', 'g'),
    TID.replace('1', '１'),
    TID.replace('-', '–'),
    'contoso.onmicrosoft.com',
  ];
  const WHOLE = [
    '',
    'https://sts.windows.net/',
    `https://sts.windows.net/${TID}`,
    `https://sts.windows.net//${TID}/`,
    `https://sts.windows.net:443/${TID}/`,
    `https://STS.windows.net/${TID}/`,
    `http://sts.windows.net/${TID}/`,
    `https://sts.windows.net.attacker.example/${TID}/`,
    `https://attacker.example/https://sts.windows.net/${TID}/`,
    `https://sts.windows.net@attacker.example/${TID}/`,
    `https://sts-windows.net/${TID}/`,
    `https://stsXwindows.net/${TID}/`,
    `https://login.microsoftonline.com/${TID}/v2.0/`,
    `https://login.microsoftonline.com/${TID}/V2.0`,
    `https://login.microsoftonline.com/${TID}/v2x0`,
    `https://login.microsoftonline.us/${TID}/v2.0`,
    `https://login.microsoftonline.com/${TID}/`,
    `https://login.microsoftonline.com/${TID}`,
    `https://login.windows.net/${TID}/v2.0`,
    `https://login.microsoftonline.com/${TID}/v1.0`,
  ];

  it.each([...MIDDLES.flatMap((middle) => [V1(middle), V2(middle)]), ...WHOLE])('does not know %j', async (iss) => {
    const { nameOf } = await setUp();
    expect(await nameOf(iss)).toBeUndefined();
  });
});
