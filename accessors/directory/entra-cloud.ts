import type { DirectorySettings } from '#utilities/config/contract.js';

/** Where the tenants of one cloud sign in and where Microsoft Graph answers; bases without a trailing slash. */
export interface CloudEndpoints {
  readonly loginBase: string;
  readonly graphBase: string;
  /** Not one of Microsoft's: msal-node knows nothing about it and is told everything. */
  readonly custom: boolean;
}

const CLOUDS = {
  public: { loginBase: 'https://login.microsoftonline.com', graphBase: 'https://graph.microsoft.com', custom: false },
  usgov: { loginBase: 'https://login.microsoftonline.us', graphBase: 'https://graph.microsoft.us', custom: false },
  china: {
    loginBase: 'https://login.partner.microsoftonline.cn',
    graphBase: 'https://microsoftgraph.chinacloudapi.cn',
    custom: false,
  },
} as const satisfies Record<string, CloudEndpoints>;

export function endpointsOf(cloud: DirectorySettings['cloud']): CloudEndpoints {
  return typeof cloud === 'string' ? CLOUDS[cloud] : { ...cloud, custom: true };
}
