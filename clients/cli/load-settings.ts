import { readFileSync } from 'node:fs';
import type { Settings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { parseSettings } from '../operator-tools.js';

/** Reads the settings file of a production command. @throws CodedError `CONFIG_INVALID` with every fault */
export function loadSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', { actual: `${file}: the file cannot be read`, cause });
  }
  return parseSettings(text, file, process.env, 'serve');
}
