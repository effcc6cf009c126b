import type { IssuerProbe, TrustedIssuer } from './contract.js';
import type { MetadataSource } from './http.metadata.source.js';
import { importVerificationKeys, ofCloud } from './jwk-import.js';
import { MetadataFault } from './metadata-fault.js';
import { type MetadataLocation, metadataLocations } from './metadata-location.js';

/** So many places of metadata of one issuer are looked at; those of further directories would say the same. */
const MOST_PLACES = 10;

/** Fetches as the service would and tells what came of it. Keeps nothing. */
export class IssuerProber {
  constructor(private readonly deps: { readonly source: MetadataSource }) {}

  probe(issuer: TrustedIssuer): Promise<readonly IssuerProbe[]> {
    return Promise.all(
      metadataLocations(issuer)
        .slice(0, MOST_PLACES)
        .map((location) => this.probeAt(issuer, location)),
    );
  }

  private async probeAt({ algorithms }: TrustedIssuer, location: MetadataLocation): Promise<IssuerProbe> {
    const { iss, keySource } = location;
    const metadataUrl = keySource.from === 'discovery' ? location.metadataUrl : null;
    const place = { iss, metadataUrl };
    try {
      const { jwks, jwksHost } = await this.deps.source.fetchKeySet(location, null);
      const { keys, refused } = ofCloud(importVerificationKeys(jwks, algorithms), location.cloudNames);
      const usable = keys.map(({ kid, algorithm }) => ({ kid, algorithm }));
      const outcome = usable.length === 0 ? 'no-usable-key' : 'ok';
      return { ...place, outcome, detail: null, jwksHost, keys: usable, refusedKeys: refused };
    } catch (error) {
      if (!(error instanceof MetadataFault)) throw error;
      return { ...place, outcome: error.reason, detail: error.message, jwksHost: null, keys: [], refusedKeys: [] };
    }
  }
}
