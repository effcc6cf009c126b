import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { NodeAuthOptions } from '@azure/msal-node';
import type { DirectoryCredential } from '#utilities/config/contract.js';
import { DirectoryFault } from './directory-fault.js';

type FileCredential = Exclude<DirectoryCredential, { kind: 'managedIdentity' }>;

/** What msal-node proves the app registration with; it takes exactly one of them. */
export type ClientProof = Pick<NodeAuthOptions, 'clientSecret'> | Pick<NodeAuthOptions, 'clientCertificate' | 'clientAssertion'>;

/**
 * Reads the credential anew for each use, so that a rotated file counts at once and nothing secret is kept.
 *
 * @throws DirectoryFault `misconfigured`
 */
export async function proofOf(credential: FileCredential): Promise<ClientProof> {
  switch (credential.kind) {
    case 'secretFile':
      return { clientSecret: await contentOf(credential.file) };
    case 'federatedTokenFile': {
      const assertion = await contentOf(credential.file);
      return { clientAssertion: () => Promise.resolve(assertion) };
    }
    case 'certificateFile':
      return { clientCertificate: certificateOf(await contentOf(credential.certFile), await contentOf(credential.keyFile)) };
  }
}

async function contentOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').then(
    (content) => content.trim(),
    () => '',
  );
  if (text === '') throw new DirectoryFault('misconfigured', `the credential file ${file} is empty or cannot be read`);
  return text;
}

/** Entra verifies with RSA: msal-node signs PS256 and names the certificate by its SHA-256 thumbprint. */
function certificateOf(certificate: string, privateKey: string): NonNullable<NodeAuthOptions['clientCertificate']> {
  let parsed: X509Certificate;
  let matches: boolean;
  try {
    parsed = new X509Certificate(certificate);
    matches = parsed.checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    throw new DirectoryFault('misconfigured', 'the certificate or its key is not PEM that can be read without a passphrase');
  }
  if (!matches) throw new DirectoryFault('misconfigured', 'the key is not that of the certificate');
  if (parsed.publicKey.asymmetricKeyType !== 'rsa') {
    throw new DirectoryFault('misconfigured', 'the certificate has no RSA key, and Entra takes no other');
  }
  return { thumbprintSha256: parsed.fingerprint256.replaceAll(':', ''), privateKey, x5c: certificate };
}
