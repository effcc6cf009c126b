import { describe, expect, it } from '@jest/globals';
import { ENTRA_DEFAULTS, type TrustedIssuer } from '#accessors/issuer/contract.js';
import {
  DIRECTORY,
  OIDC_ISSUER,
  OTHER_DIRECTORY,
  V1_ISSUER,
  V2_ISSUER,
  entraIssuer,
  oidcIssuer,
} from '../../test/vectors/stub.issuer.access.js';
import { makeKey, signedToken, verificationKey, type TestKey } from '../../test/vectors/token-factory.js';
import { ValidationBench } from '../../test/vectors/validation-bench.js';

const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const KEY_ISSUER = 'https://login.microsoftonline.com/{tenantid}/v2.0';

/** Texts that somebody or some library could take for this `iss`. */
function lookalikesOf(iss: string): readonly string[] {
  const { host, pathname } = new URL(iss);
  const [label = '', ...rest] = host.split('.');
  const domain = rest.join('.');
  const flipped = iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/`;
  return [
    flipped,
    `${iss}//`,
    iss.slice(0, -2),
    `${iss}x`,
    iss.slice(1),
    ` ${iss}`,
    `${iss} `,
    `${iss}\t`,
    `${iss}\n`,
    `${iss}\u0000`,
    `${iss}\u200b`,
    `\ufeff${iss}`,
    iss.toUpperCase(),
    iss.replace('https', 'HTTPS'),
    iss.replace('https', 'http'),
    iss.replace('https://', '//'),
    iss.replace('https://', 'https:/'),
    iss.replace('https://', 'https:\\\\'),
    iss.replace('https://', ''),
    iss.replace(host, `${host}:443`),
    iss.replace(host, `${host}.`),
    iss.replace(host, host.toUpperCase()),
    iss.replace(host, `${host}.evil.example`),
    iss.replace(host, `evil-${host}`),
    iss.replace(host, `evil.${host}`),
    iss.replace(host, `${label}-${domain}`),
    iss.replace(host, `${label}%2e${domain}`),
    iss.replace(host, `${label}\u3002${domain}`),
    iss.replace(host, `${label}\uff0e${domain}`),
    iss.replace(host, host.replace('i', '\u0131')),
    iss.replace(host, host.replace('o', '\u043e').replace('e', '\u0435')),
    iss.replace(host, `user@${host}`),
    iss.replace(host, `${host}@evil.example`),
    iss.replace(host, `evil.example#@${host}`),
    iss.replace(pathname, `/${pathname}`),
    iss.replace(pathname, `/.${pathname}`),
    iss.replace(pathname, `/x/..${pathname}`),
    iss.replace(pathname, `/%2e${pathname}`),
    iss.replace(
      pathname,
      pathname.replace(/[a-z]/u, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    ),
    iss.replace(pathname, pathname.replaceAll('/', '\\')),
    iss.replace(pathname, `;x${pathname}`),
    `${iss}?`,
    `${iss}?x=y`,
    `${iss}#`,
    `${iss}#x`,
    `${iss},https://evil.example`,
    `https://evil.example/${iss}`,
    `https://evil.example?${iss}`,
    `https://evil.example/.well-known/../${host}${pathname}`,
    `${iss}${iss}`,
    `"${iss}"`,
    `[${iss}]`,
    iss.normalize('NFD').replace('m', '\uff4d'),
  ].filter((text, index, all) => text !== iss && all.indexOf(text) === index);
}

const TRUSTED: readonly [string, string][] = [
  ['an OIDC issuer', OIDC_ISSUER],
  ['the v2 issuer of Entra', V2_ISSUER],
  ['the v1 issuer of Entra', V1_ISSUER],
  ['an issuer that ends in a slash', 'https://example.eu.auth0.com/'],
  ['GitHub Actions', 'https://token.actions.githubusercontent.com'],
];

describe('CVE-2026-22772, CVE-2024-53861, CVE-2016-7191: an issuer that only looks like a trusted one', () => {
  it.each(TRUSTED)('%s has at least 40 look-alikes', (_title, iss) => {
    expect(lookalikesOf(iss).length).toBeGreaterThanOrEqual(40);
  });

  it.each(TRUSTED)('%s: none is trusted, and none costs a look-up of keys', async (_title, iss) => {
    const bench = new ValidationBench();
    bench.trust(oidcIssuer({ name: 'more', issuer: iss }), iss, [verificationKey(bench.keys.oidc)]);
    for (const lookalike of lookalikesOf(iss)) {
      const token = bench.oidcToken({ iss: lookalike, tid: DIRECTORY });
      const report = await bench.validate(token);
      expect([lookalike, report.outcome]).toEqual([lookalike, 'rejected']);
      if (report.outcome === 'rejected') expect(report.findings[0].code).toMatch(/^ISSUER_(?:UNTRUSTED|\w+_MISMATCH)$/u);
    }
    expect(bench.issuerAccess.keyLookups).toEqual([]);
  });

  it('would not pass the rules of Entra either, if the look-up of the issuer were lenient', async () => {
    for (const iss of [V1_ISSUER, V2_ISSUER]) {
      for (const lookalike of lookalikesOf(iss)) {
        for (const listing of [{}, { directoryIds: [], anyDirectory: true }]) {
          const bench = new ValidationBench();
          bench.trust(entraIssuer(listing), lookalike, [verificationKey(bench.keys.entra)]);
          const token = iss === V1_ISSUER ? bench.v1Token({ iss: lookalike }) : bench.v2Token({ iss: lookalike });
          expect([lookalike, await bench.verdict(token)]).toEqual([
            lookalike,
            expect.stringMatching(/^TOKEN_(?:TENANT_MISMATCH|CLAIM_INVALID)$/u),
          ]);
        }
      }
    }
  });
});

/** The tables of AadIssuerValidator and of its check of the signing key's issuer, as far as they are about our rules. */
describe('CVE-2016-7191 and its kind: the tables of AadIssuerValidator', () => {
  const verdict = async (
    issuer: TrustedIssuer,
    { iss, key, ...claims }: Readonly<Record<string, unknown>> & { iss: string; key?: string | null },
  ): Promise<string> => {
    const bench = new ValidationBench();
    bench.trust(issuer, iss, [verificationKey(bench.keys.entra, key === undefined ? null : key)]);
    const isV1 = iss.startsWith('https://sts.');
    return bench.verdict(isV1 ? bench.v1Token({ iss, ...claims }) : bench.v2Token({ iss, ...claims }));
  };
  const v2 = (directory: string): string => `https://login.microsoftonline.com/${directory}/v2.0`;
  const v1 = (directory: string): string => `https://sts.windows.net/${directory}/`;
  const any = entraIssuer({ directoryIds: [], anyDirectory: true });

  it('takes the v1 and the v2 issuer of the directory in tid, listed or from a template', async () => {
    expect(await verdict(entraIssuer(), { iss: v2(DIRECTORY) })).toBe('accepted');
    expect(await verdict(entraIssuer(), { iss: v1(DIRECTORY) })).toBe('accepted');
    for (const directory of [DIRECTORY, OTHER_DIRECTORY]) {
      expect(await verdict(any, { iss: v2(directory), tid: directory })).toBe('accepted');
      expect(await verdict(any, { iss: v1(directory), tid: directory })).toBe('accepted');
    }
  });

  it.each([
    ['another directory in tid (IDX40001)', v2(DIRECTORY), { tid: OTHER_DIRECTORY }, 'TOKEN_TENANT_MISMATCH'],
    ['another directory in iss', v2(OTHER_DIRECTORY), { tid: DIRECTORY }, 'TOKEN_TENANT_MISMATCH'],
    ['no tid (IDX40003)', v2(DIRECTORY), { tid: undefined }, 'TOKEN_CLAIM_INVALID'],
    ['tenantid for tid', v2(DIRECTORY), { tid: undefined, tenantid: DIRECTORY }, 'TOKEN_CLAIM_INVALID'],
    ['tid in another case (IDX40011)', v2(DIRECTORY), { TID: DIRECTORY }, 'TOKEN_CLAIM_INVALID'],
    ['a template in iss', v2('{tenantid}'), { tid: DIRECTORY }, 'TOKEN_TENANT_MISMATCH'],
    ['a template in both', v2('{tenantid}'), { tid: '{tenantid}' }, 'TOKEN_CLAIM_INVALID'],
    ['common in both', v2('common'), { tid: 'common' }, 'TOKEN_CLAIM_INVALID'],
    ['organizations', v2('organizations'), { tid: DIRECTORY }, 'TOKEN_TENANT_MISMATCH'],
    ['a domain name', v2('contoso.example'), { tid: 'contoso.example' }, 'TOKEN_CLAIM_INVALID'],
    ['a policy of B2C (IDX40002)', v2(DIRECTORY), { tfp: 'B2C_1_susi' }, 'TOKEN_CLAIM_INVALID'],
    ['the v2 issuer without its version', v2(DIRECTORY).replace('/v2.0', ''), { tid: DIRECTORY }, 'TOKEN_TENANT_MISMATCH'],
    ['the v2 issuer with a slash', `${v2(DIRECTORY)}/`, {}, 'TOKEN_TENANT_MISMATCH'],
    ['the v1 issuer without its slash', v1(DIRECTORY).slice(0, -1), {}, 'TOKEN_TENANT_MISMATCH'],
    ['the v1 host with the v2 path', `${v1(DIRECTORY)}v2.0`, {}, 'TOKEN_TENANT_MISMATCH'],
    ['upper case in both', v2(DIRECTORY.toUpperCase()), { tid: DIRECTORY.toUpperCase() }, 'from a template'],
    ['the cloud of US Government', v2(DIRECTORY).replace('.com', '.us'), {}, 'TOKEN_TENANT_MISMATCH'],
    ['ver of the other version', v2(DIRECTORY), { ver: '1.0' }, 'TOKEN_CLAIM_INVALID'],
  ])('refuses %s', async (_title, iss, claims, expected) => {
    const listed = await verdict(entraIssuer(), { iss, ...claims });
    if (expected !== 'from a template') expect(listed).toBe(expected);
    expect(await verdict(any, { iss, ...claims })).toMatch(/^TOKEN_(?:TENANT_MISMATCH|CLAIM_INVALID)$/u);
  });

  it.each([
    ['none: v1 keys name no issuer', null, 'accepted'],
    ['the template', KEY_ISSUER, 'accepted'],
    ['the exact issuer', v2(DIRECTORY), 'accepted'],
    ['that of personal accounts (IDX40005)', v2(PERSONAL), 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['another directory', v2(OTHER_DIRECTORY), 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['a part of the issuer (IDX40004 looks for one)', 'https://login.microsoftonline.com/', 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['more than the issuer', `${v2(DIRECTORY)}/x`, 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['the template of another cloud', KEY_ISSUER.replace('.com', '.us'), 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['the template in another case', KEY_ISSUER.replace('tenantid', 'tenantId'), 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['the template with a slash', `${KEY_ISSUER}/`, 'TOKEN_KEY_ISSUER_MISMATCH'],
  ])('a key whose issuer is %s', async (_title, key, expected) => {
    expect(await verdict(entraIssuer(), { iss: v2(DIRECTORY), key })).toBe(expected);
    expect(await verdict(any, { iss: v2(DIRECTORY), key })).toBe(expected);
  });

  it.each([
    ['microsoftonline.com', 'accepted'],
    [null, 'accepted'],
    ['microsoftonline.us', 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['login.microsoftonline.com', 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['microsoftonline.com.evil.example', 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['Microsoftonline.com', 'TOKEN_KEY_ISSUER_MISMATCH'],
    ['', 'TOKEN_KEY_ISSUER_MISMATCH'],
  ])('a key of the cloud %j (IDX40012): %s', async (cloudInstanceName, expected) => {
    const bench = new ValidationBench();
    bench.trust(entraIssuer(), V1_ISSUER, [{ ...verificationKey(bench.keys.entra), cloudInstanceName }]);
    expect(await bench.verdict(bench.v1Token())).toBe(expected);
  });

  it('knows the name of each cloud', async () => {
    for (const [host, name] of [
      ['login.microsoftonline.us', 'microsoftonline.us'],
      ['login.partner.microsoftonline.cn', 'partner.microsoftonline.cn'],
    ]) {
      const iss = `https://${String(host)}/${DIRECTORY}/v2.0`;
      const cloud = { name: 'other', loginBase: `https://${String(host)}`, v1IssuerBase: 'https://sts.other.example' };
      const bench = new ValidationBench();
      bench.trust(entraIssuer({ cloud }), iss, [{ ...verificationKey(bench.keys.entra), cloudInstanceName: String(name) }]);
      expect(await bench.verdict(bench.v2Token({ iss }))).toBe('accepted');
    }
  });

  it('never reads more into the defaults: no directory is accepted without a list', async () => {
    expect(ENTRA_DEFAULTS.anyDirectory).toBe(false);
    expect(await verdict(entraIssuer({ directoryIds: [] }), { iss: v2(DIRECTORY) })).toBe('TOKEN_TENANT_MISMATCH');
  });
});

describe('CVE-2026-49998: a key known by its kid alone', () => {
  const issuers = ['a', 'b', 'c', 'd'].map((name) => `https://${name}.example`);
  const keys: readonly TestKey[] = issuers.map(() => makeKey('ES256', 'shared-kid'));

  it('serves the issuer that it belongs to, in every combination of four', async () => {
    const bench = new ValidationBench();
    issuers.forEach((iss, index) => {
      const key = keys[index];
      if (key !== undefined) bench.trust(oidcIssuer({ name: iss, issuer: iss }), iss, [verificationKey(key)]);
    });
    bench.presenter = { ...bench.presenter, ownPresenters: issuers.map((issuer) => ({ issuer, id: 'spa' })) };
    for (const [owner, iss] of issuers.entries()) {
      for (const [signer, key] of keys.entries()) {
        const token = signedToken({ typ: 'at+jwt', alg: 'ES256', kid: 'shared-kid' }, bench.oidcClaims({ iss }), key);
        expect(await bench.verdict(token)).toBe(owner === signer ? 'accepted' : 'TOKEN_SIGNATURE_INVALID');
      }
    }
  });
});
