import type { Settings } from './contract.js';

const HIDDEN = '***';
/** Query parameters of a PostgreSQL URL that may hold a secret. */
const SECRET_PARAMETER = /pass|secret|token/i;

/** The settings as they may be shown: everything but secrets. */
export function redactedSettings(settings: Settings): Settings {
  if (settings.database.kind !== 'postgres') return settings;
  return { ...settings, database: { ...settings.database, url: redactedUrl(settings.database.url) } };
}

function redactedUrl(text: string): string {
  if (!URL.canParse(text)) return HIDDEN;
  const url = new URL(text);
  if (url.password !== '') url.password = HIDDEN;
  for (const name of [...url.searchParams.keys()]) {
    if (SECRET_PARAMETER.test(name)) url.searchParams.set(name, HIDDEN);
  }
  return url.href;
}
