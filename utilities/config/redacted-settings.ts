import type { KeyEncryptionKeySettings, Settings } from './contract.js';

const HIDDEN = '***';
/** Query parameters of a PostgreSQL URL that may hold a secret. */
const SECRET_PARAMETER = /pass|secret|token/i;

/** The settings as they may be shown: everything but secrets. */
export function redactedSettings(settings: Settings): Settings {
  const { database } = settings;
  const shown = { ...settings, keys: redactedKeys(settings.keys) };
  if (database.kind !== 'postgres') return shown;
  const direct = database.directUrl === undefined ? {} : { directUrl: redactedUrl(database.directUrl) };
  return { ...shown, database: { ...database, url: redactedUrl(database.url), ...direct } };
}

function redactedKeys(keys: Settings['keys']): Settings['keys'] {
  const { storage } = keys;
  if (storage === undefined) return keys;
  const keyEncryptionKey = storage.keyEncryptionKey === null ? null : redactedKey(storage.keyEncryptionKey);
  const furtherKeyEncryptionKeys = storage.furtherKeyEncryptionKeys.map(redactedKey);
  return { ...keys, storage: { ...storage, keyEncryptionKey, furtherKeyEncryptionKeys } };
}

function redactedKey(key: KeyEncryptionKeySettings): KeyEncryptionKeySettings {
  return key.provider === 'env' ? { ...key, value: HIDDEN } : key;
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
