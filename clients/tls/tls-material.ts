import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '#utilities/config/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { TlsContext } from './contract.js';

/** What the files of a listener hold at one moment. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** `null`: nobody vouches for client certificates. */
  readonly ca: Buffer | null;
}

const REMEDY = 'a PEM certificate with its chain, its own private key, and PEM authorities';

/** @throws CodedError `CONFIG_INVALID` */
export function readTlsMaterialNow({ certFile, keyFile, clientCaFile }: TlsSettings): TlsMaterial {
  try {
    return {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ca: clientCaFile === null ? null : readFileSync(clientCaFile),
    };
  } catch (cause) {
    throw unusable(`a file cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** @throws CodedError `CONFIG_INVALID` */
export async function readTlsMaterial({ certFile, keyFile, clientCaFile }: TlsSettings): Promise<TlsMaterial> {
  try {
    const [cert, key, ca] = await Promise.all([
      readFile(certFile),
      readFile(keyFile),
      clientCaFile === null ? null : readFile(clientCaFile),
    ]);
    return { cert, key, ca };
  } catch (cause) {
    throw unusable(`a file cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** @throws CodedError `CONFIG_INVALID` when the files are no pair that a server could use */
export function tlsContextOf(material: TlsMaterial): TlsContext {
  const { cert, key, ca } = material;
  const context: TlsContext = {
    cert,
    key,
    // SECURITY: left out, the public authorities would vouch for clients.
    ca: ca === null ? [] : [ca],
    minVersion: 'TLSv1.2',
  };
  try {
    // OpenSSL takes what is no authority in silence, and refuses a key that is not of the certificate.
    if (ca !== null) new X509Certificate(ca);
    createSecureContext(context);
    return context;
  } catch (cause) {
    throw unusable(reasonOf(cause), cause);
  }
}

/** When the certificate of the server ends, as it says itself. */
export function endOf({ cert }: TlsMaterial): string {
  return new X509Certificate(cert).validTo;
}

export function isSameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  const authorities = one.ca === null || other.ca === null ? one.ca === other.ca : one.ca.equals(other.ca);
  return authorities && one.cert.equals(other.cert) && one.key.equals(other.key);
}

function unusable(actual: string, cause: unknown): CodedError {
  return new CodedError('CONFIG_INVALID', { actual, expected: REMEDY, cause });
}

/** SECURITY: OpenSSL and the file system say what is wrong with which file, and never what is in it. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
