import { CodedError } from '#utilities/errors/coded-error.js';
import { readDocument } from './import.command.js';

/** Reads a policy or test file, YAML or JSON. @throws CodedError `POLICY_INVALID` */
export function readPolicyDocument(file: string): unknown {
  try {
    return readDocument(file);
  } catch (cause) {
    const actual = cause instanceof CodedError ? cause.details.actual : undefined;
    throw new CodedError('POLICY_INVALID', { actual: actual ?? `${file}: unreadable`, cause });
  }
}
