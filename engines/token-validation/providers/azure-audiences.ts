import type { Claims, Fault } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';

const GRAPH: ReadonlySet<unknown> = new Set([
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  '00000003-0000-0000-c000-000000000000',
]);
const OTHERS: ReadonlySet<unknown> = new Set([
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://management.usgovcloudapi.net',
  'https://management.chinacloudapi.cn',
  'https://vault.azure.net',
  'https://vault.usgovcloudapi.net',
  'https://vault.azure.cn',
]);
const FEDERATION = 'api://AzureADTokenExchange';
const OWN_API = 'an access token for an API that is registered here';

/** The token is for Microsoft Graph or another Azure service, whoever issued it. */
export function azureAudienceFault(claims: Claims): Fault | undefined {
  const audience = claims['aud'];
  if (typeof audience !== 'string') return undefined;
  const plain = audience.endsWith('/') ? audience.slice(0, -1) : audience;
  if (GRAPH.has(plain)) return graphFault(`aud is ${quoted(audience)}, Microsoft Graph`);
  if (plain.startsWith(FEDERATION)) return federationFault(audience);
  if (!OTHERS.has(plain)) return undefined;
  return {
    code: 'TOKEN_FOR_OTHER_RESOURCE',
    actual: `aud is ${quoted(audience)}, another Azure service`,
    expected: OWN_API,
  };
}

export function graphFault(actual: string): Fault {
  return { code: 'TOKEN_FOR_GRAPH', actual, expected: OWN_API };
}

function federationFault(audience: string): Fault {
  return {
    code: 'TOKEN_FOR_OTHER_RESOURCE',
    actual: `aud is ${quoted(audience)}, the exchange of federated credentials`,
    expected: OWN_API,
    remedy:
      'This assertion is for Microsoft Entra ID. Exchange it there and send the token that comes back, or request an assertion whose audience is registered here.',
  };
}
