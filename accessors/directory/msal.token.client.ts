import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  LogLevel,
  ManagedIdentityApplication,
  type NodeSystemOptions,
} from '@azure/msal-node';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySettings } from '#utilities/config/contract.js';
import { proofOf } from './client-credential.js';
import { DirectoryFault, isDirectoryFault } from './directory-fault.js';
import type { CloudEndpoints } from './entra-cloud.js';
import { MsalNetwork } from './msal-network.js';
import type { OutboundSender } from './outbound.sender.js';
import { tokenFault, type TokenPurpose } from './token-fault.js';

export interface GraphToken {
  readonly value: string;
  /** Wall-clock milliseconds. */
  readonly expiresAt: number;
}

export interface MsalTokenClientDeps {
  readonly settings: DirectorySettings;
  readonly endpoints: CloudEndpoints;
  /** To the login host. */
  readonly sender: OutboundSender;
  /** To the managed identity endpoint of the platform. */
  readonly platformSender: OutboundSender;
  readonly clock: Clock;
}

/**
 * Gets tokens for Microsoft Graph through msal-node. Each request has a client of its own that is thrown away after it: one
 * shared by users searches all their tokens for each, lets their tokens push each other out, and holds everybody back for the
 * throttled one. Keeping tokens is up to the callers.
 */
export class MsalTokenClient {
  constructor(private readonly deps: MsalTokenClientDeps) {}

  /** A token for the application itself. @throws DirectoryFault */
  applicationToken(context: CallContext): Promise<GraphToken> {
    const { settings, endpoints } = this.deps;
    if (settings.credential.kind === 'managedIdentity') return this.managedIdentityToken();
    return this.acquire('application', async (network) => {
      const client = await this.confidentialClient(network);
      return client.acquireTokenByClientCredential({
        scopes: [`${endpoints.graphBase}/.default`],
        skipCache: true,
        azureRegion: 'DisableMsalForceRegion',
        correlationId: context.diagnosticId,
      });
    });
  }

  /** A token for the subject whose token `assertion` is. @throws DirectoryFault */
  onBehalfOfToken(context: CallContext, assertion: string): Promise<GraphToken> {
    return this.acquire('onBehalfOf', async (network) => {
      const client = await this.confidentialClient(network);
      return client.acquireTokenOnBehalfOf({
        oboAssertion: assertion,
        scopes: [`${this.deps.endpoints.graphBase}/.default`],
        skipCache: true,
        correlationId: context.diagnosticId,
      });
    });
  }

  private managedIdentityToken(): Promise<GraphToken> {
    const { settings, endpoints, platformSender } = this.deps;
    const identity = settings.clientId === null ? {} : { managedIdentityIdParams: { userAssignedClientId: settings.clientId } };
    return this.acquire(
      'managedIdentity',
      (network) =>
        new ManagedIdentityApplication({ ...identity, system: systemOptions(network) }).acquireToken({
          resource: endpoints.graphBase,
          // The library keeps these tokens in one cache of the whole process; ours is the one that counts.
          forceRefresh: true,
        }),
      platformSender,
    );
  }

  private async acquire(
    purpose: TokenPurpose,
    ask: (network: MsalNetwork) => Promise<AuthenticationResult | null>,
    sender = this.deps.sender,
  ): Promise<GraphToken> {
    const network = new MsalNetwork(sender);
    try {
      const result = await ask(network);
      // Identity is never taken from the result: it is that of the token that was validated.
      if (result !== null && result.accessToken !== '' && result.expiresOn !== null) {
        return { value: result.accessToken, expiresAt: result.expiresOn.getTime() };
      }
    } catch (error) {
      if (isDirectoryFault(error)) throw error;
      throw tokenFault(error, network, { purpose, now: this.deps.clock.now() });
    }
    throw new DirectoryFault('unavailable', `no token for ${purpose}: an answer without one`);
  }

  private async confidentialClient(network: MsalNetwork): Promise<ConfidentialClientApplication> {
    const { settings, endpoints } = this.deps;
    const { credential, clientId, tenantId } = settings;
    if (credential.kind === 'managedIdentity' || clientId === null) {
      throw new DirectoryFault('misconfigured', 'only an app registration with a credential of its own can ask for this token');
    }
    return new ConfidentialClientApplication({
      auth: {
        clientId,
        authority: `${endpoints.loginBase}/${tenantId}`,
        ...(endpoints.custom ? knownAuthority(endpoints.loginBase, tenantId) : {}),
        ...(await proofOf(credential)),
      },
      system: systemOptions(network),
    });
  }
}

/** SECURITY: the library says nothing. It is handed tokens and secrets, and we log what happened ourselves. */
function systemOptions(networkClient: MsalNetwork): NodeSystemOptions {
  return {
    networkClient,
    disableInternalRetries: true,
    loggerOptions: { loggerCallback: () => undefined, piiLoggingEnabled: false, logLevel: LogLevel.Error },
  };
}

/** Told instead of discovered, so that no address comes from the network and no request is spent on it. */
function knownAuthority(loginBase: string, tenantId: string): { knownAuthorities: string[]; authorityMetadata: string } {
  const base = `${loginBase}/${tenantId}`;
  return {
    knownAuthorities: [new URL(loginBase).host],
    authorityMetadata: JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    }),
  };
}
