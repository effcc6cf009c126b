import { CodedError } from '#utilities/errors/coded-error.js';

export interface IssuerOptions {
  readonly fromUrl?: string;
  readonly name?: string;
  readonly preset?: string;
  readonly audience: readonly string[];
  readonly tenant?: string;
  readonly when?: string;
}

const ENTRA_CLOUDS: Readonly<Record<string, string>> = {
  'login.microsoftonline.com': 'public',
  'login.microsoftonline.us': 'usgov',
  'login.partner.microsoftonline.cn': 'china',
};

/** The options of the command as an issuer in the form of an import file; what is missing or wrong is said by who reads it. */
export function describeIssuer(options: IssuerOptions): Readonly<Record<string, unknown>> {
  const { fromUrl, name, tenant } = options;
  const missing = Object.entries({ '--from-url': fromUrl, '--name': name, '--tenant': tenant }).flatMap(([option, value]) =>
    value === undefined ? [option] : [],
  );
  if (options.audience.length === 0) missing.push('--audience');
  if (missing.length > 0 || fromUrl === undefined) {
    throw new CodedError('ISSUER_INVALID', { actual: `missing: ${missing.join(', ')}; or give --from-file` });
  }
  const common = { name, audiences: options.audience };
  return entraIssuer(fromUrl, options, common) ?? { ...common, ...oidcIssuer(fromUrl, options) };
}

function oidcIssuer(fromUrl: string, { preset, tenant, when }: IssuerOptions): Readonly<Record<string, unknown>> {
  const issuer = fromUrl.replace(/\/\.well-known\/openid-configuration$/, '');
  const trusted = when === undefined ? { tenant } : { tenants: [{ tenant, when: conditionOf(when) }] };
  return { provider: 'oidc', issuer, ...(preset === undefined ? {} : { preset }), ...trusted };
}

function entraIssuer(fromUrl: string, { tenant }: IssuerOptions, common: object): Readonly<Record<string, unknown>> | null {
  const url = URL.parse(fromUrl);
  const cloud = url === null ? undefined : ENTRA_CLOUDS[url.hostname];
  const directory = url?.pathname.split('/')[1];
  if (cloud === undefined) return null;
  return { ...common, provider: 'entra-id', cloud, directories: [{ id: directory, tenant }] };
}

function conditionOf(text: string): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new CodedError('ISSUER_INVALID', { actual: '--when: expected claim=value' });
  return { claim: text.slice(0, at), equals: text.slice(at + 1) };
}
