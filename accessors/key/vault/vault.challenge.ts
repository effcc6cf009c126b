import { CodedError } from '#utilities/errors/coded-error.js';

/** What a vault asks for: a token of this authority (a tenant) for this resource. */
export interface VaultChallenge {
  /** `https://login…/{tenant}`, without a slash at the end. */
  readonly authority: string;
  /** `https://vault.azure.net` and the like. */
  readonly resource: string;
}

/** The login hosts of the national clouds. */
const LOGIN_HOSTS: ReadonlySet<string> = new Set([
  'login.microsoftonline.com',
  'login.windows.net',
  'login.microsoftonline.us',
  'login.chinacloudapi.cn',
  'login.partner.microsoftonline.cn',
]);
const PARAMETER = /([a-z_]+)="([^"]*)"/gi;

/**
 * Reads `WWW-Authenticate` of a 401.
 *
 * SECURITY: the vault says for which resource it wants a token. Were that believed as it is, whoever answers under the name of
 * the vault could ask for a token for something else (a token for Microsoft Graph, say) and would be handed it. So the host of
 * the resource must be the domain of the vault, and the authority a login host of Microsoft or one that was configured.
 *
 * @throws CodedError `VAULT_CHALLENGE_UNTRUSTED`
 */
export function readChallenge(header: unknown, vaultUrl: URL, trustedLoginHosts: readonly string[]): VaultChallenge {
  const text = typeof header === 'string' ? header : '';
  if (!/^bearer /i.test(text)) throw untrusted('no Bearer challenge');
  const parameters = new Map([...text.matchAll(PARAMETER)].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
  const resource = httpsUrl(parameters.get('resource') ?? withoutDefault(parameters.get('scope')));
  const authority = httpsUrl(parameters.get('authorization') ?? parameters.get('authorization_uri'));
  if (resource === null || authority === null) throw untrusted('the challenge lacks its resource or its authority');
  if (!isDomainOf(resource.hostname, vaultUrl.hostname)) {
    throw untrusted(`${vaultUrl.hostname} asks for a token for ${resource.hostname}`);
  }
  if (!LOGIN_HOSTS.has(authority.hostname) && !trustedLoginHosts.includes(authority.host)) {
    throw untrusted(`${vaultUrl.hostname} names the authority ${authority.host}`);
  }
  return { authority: withoutSlash(authority), resource: withoutSlash(resource) };
}

function isDomainOf(domain: string, host: string): boolean {
  return host === domain || (domain.includes('.') && host.endsWith(`.${domain}`));
}

function withoutDefault(scope: string | undefined): string | undefined {
  return scope?.replace(/\/\.default$/, '');
}

function httpsUrl(text: string | undefined): URL | null {
  const url = text === undefined ? null : URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' ? url : null;
}

function withoutSlash(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function untrusted(internal: string): CodedError {
  return new CodedError('VAULT_CHALLENGE_UNTRUSTED', { internal });
}
