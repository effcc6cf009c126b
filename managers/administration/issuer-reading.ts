import type { IssuerRegistration } from '#accessors/issuer/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { readImport } from './import-reading.js';
import { ruleFaults } from './import-rules.js';
import { issuerRegistration } from './issuer-records.js';

/** One issuer in the form that the import file has. @throws CodedError `ISSUER_INVALID` with everything that is wrong */
export function readIssuer(document: unknown): IssuerRegistration {
  const { sections, faults } = readImport({ apiVersion: 'countersign/v1', issuers: [document] });
  const [issuer] = sections.issuers;
  const all = [...faults, ...ruleFaults(sections)].map(({ path, message }) => {
    const member = path.replace(/^issuers\[0\]\.?/, '');
    return member === '' ? message : `${member}: ${message}`;
  });
  if (issuer === undefined || all.length > 0) throw new CodedError('ISSUER_INVALID', { actual: all.join('\n') });
  return issuerRegistration(issuer.item);
}
