import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';

export type SettingsErrorCode = Extract<
  ErrorCode,
  'CONFIG_INVALID' | 'CONFIG_PLAINTEXT_REFUSED' | 'DEVKIT_REFUSED' | 'KEY_ENCRYPTION_KEY_MISSING'
>;

/** One thing that is wrong with the settings. */
export interface SettingsFault {
  readonly code: SettingsErrorCode;
  /** Path of the member; empty for the file as a whole. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One error for all faults: their common code where they have one, so that its remedy fits. */
export function settingsError(faults: readonly SettingsFault[], lines: readonly string[]): CodedError {
  const codes = new Set(faults.map((fault) => fault.code));
  const [only] = codes;
  const code = codes.size === 1 && only !== undefined ? only : 'CONFIG_INVALID';
  return new CodedError(code, { actual: lines.join('\n') });
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
