import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { OpenFeature, type Provider } from '@openfeature/server-sdk';
import type { ConfiguredFactSource, FactSource } from '#accessors/facts/fact-source.contract.js';
import { HttpFactSource } from '#accessors/facts/sources/http.fact-source.js';
import { OpenFeatureFactSource } from '#accessors/facts/sources/open-feature.fact-source.js';
import { SqlFactSource } from '#accessors/facts/sources/sql.fact-source.js';
import type { FactSourceSettings } from '#utilities/config/contract.js';
import { foreignDatabase } from '#utilities/database/foreign.database.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type Settings<Kind extends FactSourceSettings['kind']> = Extract<FactSourceSettings, { kind: Kind }>;

/**
 * Makes the fact sources that the settings name. None is asked yet: one that is away keeps nothing from starting.
 *
 * @throws CodedError `CONFIG_INVALID` when a file or module cannot be used
 */
export async function openFactSources(settings: readonly FactSourceSettings[]): Promise<readonly ConfiguredFactSource[]> {
  const opened: ConfiguredFactSource[] = [];
  for (const each of settings) {
    const { timeoutMs, cacheSeconds, validSeconds } = each;
    opened.push({ source: await open(each), timeoutMs, cacheSeconds, validSeconds });
  }
  return opened;
}

export async function closeFactSources(sources: readonly ConfiguredFactSource[]): Promise<void> {
  await Promise.allSettled(sources.map(({ source }) => source.close()));
}

async function open(settings: FactSourceSettings): Promise<FactSource> {
  try {
    switch (settings.kind) {
      case 'sql':
        return await sqlSource(settings);
      case 'http':
        return httpSource(settings);
      case 'openfeature':
        return await openFeatureSource(settings);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : 'unknown error';
    throw new CodedError('CONFIG_INVALID', { actual: `fact source ${settings.name} cannot be made: ${reason}`, cause });
  }
}

async function sqlSource(settings: Settings<'sql'>): Promise<FactSource> {
  const { name, urlFile, query, parameters, columns, poolSize, timeoutMs } = settings;
  const url = (await readFile(urlFile, 'utf8')).trim();
  const database = foreignDatabase({ url, poolSize, statementMilliseconds: timeoutMs });
  return new SqlFactSource({ name, database, query, parameters, columns });
}

function httpSource({ name, url, bearerFile }: Settings<'http'>): FactSource {
  const bearer = bearerFile === null ? null : async (): Promise<string> => (await readFile(bearerFile, 'utf8')).trim();
  return new HttpFactSource({ name, url, bearer, fetch });
}

/** The domain keeps the provider apart from those of other sources; it becomes ready in its own time. */
async function openFeatureSource({ name, providerModule }: Settings<'openfeature'>): Promise<FactSource> {
  const loaded: unknown = await import(pathToFileURL(providerModule).href);
  const make: unknown = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  if (typeof make !== 'function') throw new TypeError('the module has no default export that makes a provider');
  const provider = (await (make as () => unknown)()) as Provider;
  const domain = `countersign/${name}`;
  OpenFeature.setProvider(domain, provider);
  return new OpenFeatureFactSource({
    name,
    client: OpenFeature.getClient(domain),
    shutDown: async () => {
      await provider.onClose?.();
    },
  });
}
