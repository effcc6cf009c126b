import { type FetchPolicy, isFetchable } from './fetch-policy.js';
import { fetchJsonDocument } from './json-document.js';
import type { JsonObject } from './json-object.js';
import { MetadataFault } from './metadata-fault.js';
import type { MetadataLocation } from './metadata-location.js';

export interface FetchedKeySet {
  /** The document as it was served; nothing in it is checked yet. */
  readonly jwks: JsonObject;
  /** Host and port that the key set came from. */
  readonly jwksHost: string;
}

export interface MetadataSource {
  /**
   * Fetches discovery document and key set of one `iss`, both within one time limit.
   *
   * `expectedHost` is where the key set came from before; one that has moved to another host is refused.
   *
   * @throws MetadataFault
   */
  fetchKeySet(location: MetadataLocation, expectedHost: string | null): Promise<FetchedKeySet>;
}

export class HttpMetadataSource implements MetadataSource {
  constructor(private readonly deps: { readonly policy: FetchPolicy }) {}

  async fetchKeySet(location: MetadataLocation, expectedHost: string | null): Promise<FetchedKeySet> {
    const { maxBytes, timeoutMs } = this.deps.policy;
    const limits = { maxBytes, signal: AbortSignal.timeout(timeoutMs) };
    const discovery = await fetchJsonDocument(this.address(location.metadataUrl), limits);
    requireIssuer(discovery['issuer'], location);
    const jwksUrl = this.address(discovery['jwks_uri']);
    if (expectedHost !== null && jwksUrl.host !== expectedHost) {
      throw new MetadataFault('jwks-address', `the key set of ${location.iss} moved from ${expectedHost} to ${jwksUrl.host}`);
    }
    return { jwks: await fetchJsonDocument(jwksUrl, limits), jwksHost: jwksUrl.host };
  }

  private address(value: unknown): URL {
    const url = typeof value === 'string' ? URL.parse(value) : null;
    if (url === null || !isFetchable(url, this.deps.policy.allowLoopbackHttp)) {
      throw new MetadataFault('jwks-address', 'an address in the metadata is not one that may be fetched');
    }
    return url;
  }
}

/** OpenID Connect Discovery 1.0 §4.3, by exact comparison; Entra's shared metadata has a template in the place of the directory. */
function requireIssuer(stated: unknown, location: MetadataLocation): void {
  if (stated === location.iss) return;
  if (location.directoryId !== null && typeof stated === 'string') {
    if (stated.replace('{tenantid}', location.directoryId) === location.iss) return;
  }
  throw new MetadataFault('issuer-mismatch', `${location.metadataUrl} speaks for another issuer than ${location.iss}`);
}
