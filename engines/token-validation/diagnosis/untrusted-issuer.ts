import type { TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, Fault } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { AUTHORITY, indexOf, plainSpelling, type IssuerIndex, type KnownDirectory } from './issuer-index.js';

const DIRECTORY = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iu;
const V1_HOST = /^https:\/\/sts\./u;
const ENTRA_HOST =
  /^https:\/\/(?:login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|windows\.net|microsoft\.com)|sts\.(?:windows\.net|chinacloudapi\.cn))\//u;
/** The same directory elsewhere: other keys, other users. */
const OTHER_HOSTING = /^https:\/\/[a-z0-9-]+\.(?:b2clogin|ciamlogin)\.com\//u;
const LONGEST_COMPARED = 512;

/** What is wrong with an `iss` that nobody here owns. What is almost a trusted issuer is named, and refused like any other. */
export function untrustedIssuerFault(iss: string, claims: Claims, trusted: readonly TrustedIssuer[]): Fault {
  const version = claims['ver'];
  const detail = typeof version === 'string' ? ` (ver ${quoted(version)})` : '';
  const fault: Fault = {
    code: 'ISSUER_UNTRUSTED',
    actual: `iss is ${quoted(iss)}${detail}`,
    expected: 'the exact iss of a trusted issuer',
  };
  return iss.length > LONGEST_COMPARED ? fault : { ...fault, ...nearMiss(iss, trusted) };
}

function nearMiss(iss: string, trusted: readonly TrustedIssuer[]): Partial<Fault> {
  const index = indexOf(trusted);
  if (AUTHORITY.test(iss)) {
    return {
      remedy:
        'This is an authority or a template, not an issuer: no genuine token carries it. Acquire a token from the identity provider itself.',
    };
  }
  const twin = index.spellings.get(plainSpelling(iss));
  if (twin !== undefined) {
    return {
      expected: quoted(twin),
      remedy: `iss differs from ${quoted(twin)} in case, slashes or scheme alone. Copy the issuer from the metadata of the identity provider, and register exactly that: v1 and B2C issuers end in a slash, v2 issuers do not.`,
    };
  }
  if (!ENTRA_HOST.test(iss) && !OTHER_HOSTING.test(iss)) return {};
  const directory = index.directories.get(DIRECTORY.exec(iss)?.[0].toLowerCase() ?? '');
  if (directory !== undefined) return sameDirectory(iss, directory);
  return otherDirectory(iss, index);
}

function sameDirectory(iss: string, { name, issuers }: KnownDirectory): Partial<Fault> {
  const [known] = issuers;
  const expected = `${quoted(issuers)} of issuer ${quoted(name)}`;
  const isV1 = V1_HOST.test(iss);
  const onlyOther = known !== undefined && issuers.every((issuer) => V1_HOST.test(issuer) !== isV1);
  if (onlyOther && ENTRA_HOST.test(known) && ENTRA_HOST.test(iss) && sameCloud(iss, known)) {
    return { code: 'ISSUER_VERSION_MISMATCH', expected };
  }
  return { code: 'ISSUER_CLOUD_MISMATCH', expected };
}

/** v1 and v2 issuers of one cloud; the v1 issuer of the public cloud is that of US Government too. */
function sameCloud(one: string, other: string): boolean {
  return one.includes('.cn/') === other.includes('.cn/');
}

function otherDirectory(iss: string, { names, openClouds, authorities }: IssuerIndex): Partial<Fault> {
  if (authorities.length > 0) {
    return {
      remedy: `Operator: ${quoted(authorities)} is registered as an issuer and is an authority, which no token carries. Register it with the provider entra-id, with its directories or with anyDirectory.`,
    };
  }
  const directory = DIRECTORY.exec(iss)?.[0];
  if (directory === undefined) return {};
  if (openClouds.length > 0) return { code: 'ISSUER_CLOUD_MISMATCH', expected: `a directory of ${quoted(openClouds)}` };
  if (names.length === 0) return {};
  return {
    expected: `a directory that is listed with ${quoted(names)}`,
    remedy: `The directory ${directory} is not listed. Sign in to the directory that is registered, or have the operator add it to the issuer.`,
  };
}
