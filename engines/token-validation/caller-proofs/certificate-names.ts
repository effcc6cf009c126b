import type { X509Certificate } from 'node:crypto';
import type { ClientAuthentication } from '#accessors/registration/contract.js';

type CertificateName = NonNullable<ClientAuthentication['certificateName']>;

/** How Node calls each kind of name. */
const LABELS: Readonly<Record<Exclude<CertificateName['kind'], 'dn'>, string>> = {
  san_dns: 'DNS',
  san_uri: 'URI',
  san_ip: 'IP Address',
  san_email: 'email',
};

/** One name: bare, or as a JSON string where it has anything in it that could pass for a separator (CVE-2021-44532). */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/gy;

/** Whether the certificate has exactly this name. No wildcard, no suffix, no case but in DNS names. */
export function hasName(certificate: X509Certificate, { kind, value }: CertificateName): boolean {
  if (kind === 'dn') return distinguishedName(certificate.subject) === value;
  const names = alternativeNames(certificate.subjectAltName ?? '');
  const wanted = kind === 'san_dns' ? value.toLowerCase() : value;
  return names.some(([label, name]) => label === LABELS[kind] && (kind === 'san_dns' ? name.toLowerCase() : name) === wanted);
}

/** RFC 4514: Node writes one relative name a line, the first one first, each as RFC 4514 has it; a string has the last one first. */
export function distinguishedName(subject: string): string {
  return subject.split('\n').reverse().join(',');
}

/** All names; none where the text is not entirely understood. */
function alternativeNames(text: string): readonly (readonly [label: string, name: string])[] {
  const names: (readonly [string, string])[] = [];
  let read = 0;
  for (const match of text.matchAll(NAME)) {
    const [whole, label = '', written = ''] = match;
    if (whole === '') break;
    const name = written.startsWith('"') ? unquoted(written) : written;
    if (name === undefined) return [];
    names.push([label, name]);
    read = match.index + whole.length;
  }
  return read === text.length ? names : [];
}

function unquoted(written: string): string | undefined {
  try {
    const name: unknown = JSON.parse(written);
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
