import { readFileSync } from 'node:fs';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySettings } from '#utilities/config/contract.js';
import { ApplicationTokenSource } from './application-token.source.js';
import { endpointsOf } from './entra-cloud.js';
import { GraphClient } from './graph.client.js';
import { directoryKey } from './graph.directory.access.js';
import { GraphDirectory } from './graph.directory.js';
import { MsalTokenClient } from './msal.token.client.js';
import { OnBehalfOfTokenSource } from './on-behalf-of-token.source.js';
import { OutboundSender } from './outbound.sender.js';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 100 * 1024;

/** The directories of the settings, each with connections, tokens and holds of its own. */
export function graphDirectories(settings: readonly DirectorySettings[], clock: Clock): ReadonlyMap<string, GraphDirectory> {
  return new Map(settings.map((each) => [directoryKey(each.issuer, each.tenantId), graphDirectory(each, clock)]));
}

function graphDirectory(settings: DirectorySettings, clock: Clock): GraphDirectory {
  const endpoints = endpointsOf(settings.cloud);
  const ca = settings.caFile === null ? null : readFileSync(settings.caFile, 'utf8');
  const limits = { ca, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const sender = new OutboundSender({
    ...limits,
    origins: new Set([new URL(endpoints.loginBase).origin, new URL(endpoints.graphBase).origin]),
  });
  const platformSender = new OutboundSender({ ...limits, origins: 'platform' });
  const client = new MsalTokenClient({ settings, endpoints, sender, platformSender, clock });
  const tokens =
    settings.mode === 'application'
      ? new ApplicationTokenSource({ client, clock })
      : new OnBehalfOfTokenSource({ client, clock });
  return new GraphDirectory({ tokens, graph: new GraphClient({ graphBase: endpoints.graphBase, sender, clock }), clock });
}
