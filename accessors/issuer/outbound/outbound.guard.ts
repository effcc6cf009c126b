import type { LookupAddress } from 'node:dns';
import { isIP, isIPv4 } from 'node:net';
import { type FetchPolicy, isFetchable, isLoopbackName } from '../fetch-policy.js';
import { MetadataFault } from '../metadata-fault.js';
import { type AddressReach, AddressRanges, reachOf } from './address-reach.js';

/** All addresses of a host name, of both families, as they are now. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Where one connection may go: the addresses that were looked at, and no others. */
export interface VettedHost {
  readonly addresses: readonly LookupAddress[];
  /** The least public of them. */
  readonly reach: Exclude<AddressReach, 'never'>;
}

/**
 * Decides which addresses this process may connect to. A name is resolved once, every address of the answer is looked at, and
 * the connection goes to those very addresses: what the name server says a moment later counts for nothing.
 */
export class OutboundGuard {
  private readonly allowedPrivate: AddressRanges;

  constructor(
    private readonly deps: {
      readonly policy: Pick<FetchPolicy, 'allowLoopbackHttp' | 'allowedPrivateAddresses'>;
      readonly resolve: ResolveName;
    },
  ) {
    this.allowedPrivate = new AddressRanges(deps.policy.allowedPrivateAddresses);
  }

  /** @throws MetadataFault `address-refused`; whatever the resolver throws */
  async vet(url: URL): Promise<VettedHost> {
    if (!isFetchable(url, this.deps.policy.allowLoopbackHttp)) throw refused(url, 'is not of a kind that is fetched');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await this.deps.resolve(host) : [{ address: host, family: isIPv4(host) ? 4 : 6 }];
    // SECURITY: one bad address among good ones condemns the answer; which of them a connection takes is not ours to bet on.
    const reaches = addresses.map(({ address }) => this.reachFor(url, address));
    const [reach] = reaches.filter((each) => each !== 'public');
    if (addresses.length === 0) throw refused(url, 'has no address');
    return { addresses, reach: reach ?? 'public' };
  }

  private reachFor(url: URL, address: string): Exclude<AddressReach, 'never'> {
    const reach = reachOf(address);
    if (reach === 'public') return reach;
    if (reach === 'private' && this.allowedPrivate.has(address)) return reach;
    // A name that only points here is not meant by the switch for development.
    if (reach === 'loopback' && this.deps.policy.allowLoopbackHttp && isLoopbackName(url.hostname)) return reach;
    throw refused(url, 'is at an address that is not public and not listed');
  }
}

function refused(url: URL, why: string): MetadataFault {
  return new MetadataFault('address-refused', `${url.host} ${why}`);
}
