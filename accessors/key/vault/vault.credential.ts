import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  LogLevel,
  ManagedIdentityApplication,
  type NodeAuthOptions,
  type NodeSystemOptions,
} from '@azure/msal-node';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { VaultChallenge } from './vault.challenge.js';
import type { VaultNetwork } from './vault.network.js';

/** What the service proves itself with. Secrets are in files, which are read anew for each use. */
export type VaultProof =
  | { readonly kind: 'managedIdentity' }
  | { readonly kind: 'secretFile'; readonly file: string }
  | { readonly kind: 'certificateFile'; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: 'federatedTokenFile'; readonly file: string };

export interface VaultToken {
  readonly value: string;
  /** Wall-clock milliseconds. */
  readonly expiresAt: number;
}

export interface VaultCredential {
  /** A new token for what the vault asks for. @throws CodedError `VAULT_CREDENTIAL_REFUSED`, `VAULT_CHALLENGE_UNTRUSTED` */
  acquire(challenge: VaultChallenge): Promise<VaultToken>;
}

interface Dependencies {
  readonly proof: VaultProof;
  /** Of the app registration, or of a user-assigned managed identity; `null`: the system-assigned one. */
  readonly clientId: string | null;
  /** The only tenant that tokens are asked of; `null`: the one that the vault names. */
  readonly tenantId: string | null;
  readonly network: () => VaultNetwork;
}

/**
 * Tokens by msal-node. Each request has a client of its own that is thrown away after it: the library does not join requests,
 * remembers refusals for up to an hour, and keeps what we keep ourselves.
 */
export class MsalVaultCredential implements VaultCredential {
  constructor(private readonly deps: Dependencies) {}

  async acquire(challenge: VaultChallenge): Promise<VaultToken> {
    const network = this.deps.network();
    const result = await this.ask(challenge, network).catch((cause: unknown) => {
      if (isCodedError(cause)) throw cause;
      throw refused(`${network.described()} (${libraryCode(cause)})`);
    });
    if (result === null || result.accessToken === '' || result.expiresOn === null) throw refused('an answer without a token');
    return { value: result.accessToken, expiresAt: result.expiresOn.getTime() };
  }

  private ask(challenge: VaultChallenge, network: VaultNetwork): Promise<AuthenticationResult | null> {
    if (this.deps.proof.kind === 'managedIdentity') return this.askPlatform(challenge, network);
    return this.askEntra(challenge, network);
  }

  private askPlatform({ resource }: VaultChallenge, network: VaultNetwork): Promise<AuthenticationResult> {
    const { clientId } = this.deps;
    const identity = clientId === null ? {} : { managedIdentityIdParams: { userAssignedClientId: clientId } };
    const client = new ManagedIdentityApplication({ ...identity, system: systemOptions(network) });
    // The library keeps these tokens in one cache of the whole process; ours is the one that counts.
    return client.acquireToken({ resource, forceRefresh: true });
  }

  private async askEntra({ authority, resource }: VaultChallenge, network: VaultNetwork): Promise<AuthenticationResult | null> {
    const { clientId, tenantId } = this.deps;
    if (clientId === null) throw refused('an app registration needs its client id');
    this.checkTenant(authority);
    const tenant = tenantId ?? new URL(authority).pathname.slice(1);
    const base = `${new URL(authority).origin}/${tenant}`;
    const client = new ConfidentialClientApplication({
      auth: { clientId, authority: base, ...knownAuthority(base), ...(await this.proof()) },
      system: systemOptions(network),
    });
    return client.acquireTokenByClientCredential({
      scopes: [`${resource}/.default`],
      skipCache: true,
      azureRegion: 'DisableMsalForceRegion',
    });
  }

  /** A token of another tenant would be refused by the vault, with less to go by. */
  private checkTenant(authority: string): void {
    const { tenantId } = this.deps;
    const named = new URL(authority).pathname.slice(1);
    if (tenantId === null || named.toLowerCase() === tenantId.toLowerCase()) return;
    throw new CodedError('VAULT_CHALLENGE_UNTRUSTED', { internal: `the vault is of tenant ${named}, configured is ${tenantId}` });
  }

  private async proof(): Promise<Partial<NodeAuthOptions>> {
    const { proof } = this.deps;
    switch (proof.kind) {
      case 'managedIdentity':
        return {};
      case 'secretFile':
        return { clientSecret: await contentOf(proof.file) };
      case 'federatedTokenFile': {
        const assertion = await contentOf(proof.file);
        return { clientAssertion: () => Promise.resolve(assertion) };
      }
      case 'certificateFile':
        return { clientCertificate: certificateOf(await contentOf(proof.certFile), await contentOf(proof.keyFile)) };
    }
  }
}

/** SECURITY: the library says nothing. It is handed tokens and secrets, and we log what happened ourselves. */
function systemOptions(networkClient: VaultNetwork): NodeSystemOptions {
  return {
    networkClient,
    disableInternalRetries: true,
    loggerOptions: { loggerCallback: () => undefined, piiLoggingEnabled: false, logLevel: LogLevel.Error },
  };
}

/** Told instead of discovered, so that no address comes from the network and no request is spent on it. */
function knownAuthority(base: string): { knownAuthorities: string[]; authorityMetadata: string } {
  return {
    knownAuthorities: [new URL(base).host],
    authorityMetadata: JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    }),
  };
}

async function contentOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').then(
    (content) => content.trim(),
    () => '',
  );
  if (text === '') throw refused(`the credential file ${file} is empty or cannot be read`);
  return text;
}

function certificateOf(certificate: string, privateKey: string): NonNullable<NodeAuthOptions['clientCertificate']> {
  const parsed = parsedCertificate(certificate, privateKey);
  if (parsed.publicKey.asymmetricKeyType !== 'rsa') throw refused('the certificate has no RSA key, and Entra takes no other');
  return { thumbprintSha256: parsed.fingerprint256.replaceAll(':', ''), privateKey, x5c: certificate };
}

function parsedCertificate(certificate: string, privateKey: string): X509Certificate {
  try {
    const parsed = new X509Certificate(certificate);
    if (parsed.checkPrivateKey(createPrivateKey(privateKey))) return parsed;
  } catch {
    throw refused('the certificate or its key is not PEM that can be read without a passphrase');
  }
  throw refused('the key is not that of the certificate');
}

/** The library's own word for it; its messages may quote a body. */
function libraryCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'errorCode' in error ? error.errorCode : null;
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'unknown';
}

function refused(internal: string): CodedError {
  return new CodedError('VAULT_CREDENTIAL_REFUSED', { internal, retryAfterSeconds: 5 });
}
