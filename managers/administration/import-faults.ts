import { CodedError } from '#utilities/errors/coded-error.js';

/** One thing that is wrong with an import file. */
export interface ImportFault {
  /** `clients[0].targets[1].audience`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Bounds the message for a file of many thousand subjects that are all wrong in the same way. */
const MAX_LISTED = 1000;

export function importError(faults: readonly ImportFault[]): CodedError {
  const lines = faults.slice(0, MAX_LISTED).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const rest = faults.length - lines.length;
  return new CodedError('IMPORT_INVALID', { actual: (rest > 0 ? [...lines, `and ${rest} more faults`] : lines).join('\n') });
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
