import { type FetchPolicy, isFetchable } from './fetch-policy.js';
import { fetchJsonDocument } from './json-document.js';
import type { JsonObject } from './json-object.js';
import { MetadataFault } from './metadata-fault.js';
import { DIRECTORY_PLACE, type MetadataLocation } from './metadata-location.js';
import type { FetchLimits, GuardedHttp } from './outbound/guarded.http.js';

export interface FetchedKeySet {
  /** The document as it was served; nothing in it is checked yet. */
  readonly jwks: JsonObject;
  /** Host and port that the key set came from. */
  readonly jwksHost: string;
}

export interface MetadataSource {
  /**
   * Fetches the key set of one `iss`: by way of its discovery document, from a fixed address, or not at all where it was
   * uploaded. All of it within one time limit.
   *
   * `expectedHost` is where the key set came from before; one that has moved to another host is refused.
   *
   * @throws MetadataFault
   */
  fetchKeySet(location: MetadataLocation, expectedHost: string | null): Promise<FetchedKeySet>;
}

export interface HttpMetadataSourceDeps {
  readonly policy: FetchPolicy;
  readonly http: Pick<GuardedHttp, 'get'>;
}

export class HttpMetadataSource implements MetadataSource {
  constructor(private readonly deps: HttpMetadataSourceDeps) {}

  async fetchKeySet(location: MetadataLocation, expectedHost: string | null): Promise<FetchedKeySet> {
    const { maxBytes, timeoutMs } = this.deps.policy;
    const { keySource } = location;
    if (keySource.from === 'uploaded') return { jwks: parseUploaded(keySource.jwks), jwksHost: '' };
    const limits = { maxBytes, signal: AbortSignal.timeout(timeoutMs) };
    if (keySource.from === 'discovery') return this.discover(location, expectedHost, limits);
    const url = this.address(keySource.url);
    return { jwks: (await fetchJsonDocument(this.deps.http, url, limits)).content, jwksHost: url.host };
  }

  private async discover(location: MetadataLocation, expectedHost: string | null, limits: FetchLimits): Promise<FetchedKeySet> {
    const discovery = await fetchJsonDocument(this.deps.http, this.address(location.metadataUrl), limits);
    requireIssuer(discovery.content['issuer'], location);
    requireCloud(discovery.content['cloud_instance_name'], location);
    const jwksUrl = this.address(discovery.content['jwks_uri']);
    if (expectedHost !== null && jwksUrl.host !== expectedHost) {
      throw new MetadataFault('jwks-address', `the key set of ${location.iss} moved from ${expectedHost} to ${jwksUrl.host}`);
    }
    const jwks = await fetchJsonDocument(this.deps.http, jwksUrl, limits);
    // SECURITY: a stranger on the internet does not choose what is fetched in the operator's own network, listed or not.
    if (discovery.reach === 'public' && jwks.reach !== 'public') {
      throw new MetadataFault('address-refused', `public metadata of ${location.iss} names a key set at an address that is not`);
    }
    return { jwks: jwks.content, jwksHost: jwksUrl.host };
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
    if (stated.replace(DIRECTORY_PLACE, location.directoryId) === location.iss) return;
  }
  throw new MetadataFault('issuer-mismatch', `${location.metadataUrl} speaks for another issuer than ${location.iss}`);
}

/** SECURITY: two clouds of Entra share their v1 issuer; only this name tells their metadata apart. */
function requireCloud(stated: unknown, { iss, cloudNames }: MetadataLocation): void {
  if (cloudNames.length === 0 || stated === undefined) return;
  if (typeof stated === 'string' && cloudNames.includes(stated)) return;
  throw new MetadataFault('cloud-mismatch', `the metadata of ${iss} is of another cloud than ${cloudNames.join(' or ')}`);
}

function parseUploaded(jwks: string): JsonObject {
  try {
    const document: unknown = JSON.parse(jwks);
    if (typeof document === 'object' && document !== null) return { ...document };
  } catch {
    // Falls through: what is not JSON is no key set either.
  }
  throw new MetadataFault('not-json', 'the uploaded key set is not a JSON object');
}
