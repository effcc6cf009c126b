import { z } from 'zod';

const file = z.string().min(1, 'expected the name of a file');
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const guid = z.string().regex(GUID, 'expected a GUID').toLowerCase();
const keyName = z.string().regex(/^[0-9A-Za-z-]{1,100}$/, 'expected the name of a key: letters, digits and hyphens');

/** `https://` and a host, nothing after it. */
function isVaultUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.origin === text.replace(/\/$/, '');
}

const keyEncryptionKey = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('file'), file }),
  z.strictObject({
    provider: z.literal('env'),
    variable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected the name of an environment variable')
      .default('COUNTERSIGN_KEY_ENCRYPTION_KEY'),
  }),
  z.strictObject({
    provider: z.literal('azure-key-vault'),
    keyName,
    keyVersion: z
      .string()
      .regex(/^[0-9a-f]{32}$/i, 'expected 32 hexadecimal digits')
      .toLowerCase()
      .nullable()
      .default(null),
  }),
]);

const credential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secretFile'), file }),
  z.strictObject({ kind: z.literal('certificateFile'), certFile: file, keyFile: file }),
  z.strictObject({ kind: z.literal('federatedTokenFile'), file }),
  z.strictObject({ kind: z.literal('managedIdentity') }),
]);

const vault = z.strictObject({
  url: z
    .string()
    .refine(isVaultUrl, 'expected https://NAME.vault.azure.net')
    .meta({ description: 'The vault, or the Managed HSM.' }),
  tenantId: guid
    .nullable()
    .default(null)
    .meta({ description: 'The only tenant that tokens are asked of; null: the one that the vault names.' }),
  clientId: guid
    .nullable()
    .default(null)
    .meta({ description: 'Of the app registration or user-assigned identity; null: the system-assigned one.' }),
  credential: credential
    .default({ kind: 'managedIdentity' })
    .meta({ description: 'What the service proves itself with. Secrets are in files alone.' }),
  caFile: file
    .nullable()
    .default(null)
    .meta({ description: 'PEM file with the only authorities to trust; null: those of the system.' }),
  loginHosts: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'Login hosts that the vault may name beside those of Microsoft.' }),
  keyPrefix: keyName.default('countersign').meta({ description: 'Names of signing keys are this, a hyphen and the algorithm.' }),
  hsm: z.boolean().default(false).meta({ description: 'Whether signing keys are made in hardware.' }),
  whenItCannotSign: z.enum(['shed', 'signLocally']).default('shed').meta({
    description:
      'With backend: azure-key-vault, what happens to tokens that the vault is too busy for, or away for: refused, or signed with a key in the database that stands by. A vault that refuses is not stood in for.',
  }),
  signsPer10Seconds: z.int().min(1).max(100_000).default(2_000).meta({
    description:
      'Most signatures that this process asks of the vault in 10 seconds. The vault does 4,000 with software keys and 2,000 with HSM keys; divide by the number of replicas.',
  }),
});

/** Members of `keys` that say where keys are kept. */
export const keyStorageShape = {
  backend: z
    .enum(['local', 'file', 'azure-key-vault'])
    .default('local')
    .meta({ description: 'Where new signing keys are made and sign: sealed in the database, in files, or in the vault.' }),
  keyEncryptionKey: keyEncryptionKey
    .optional()
    .meta({ description: 'What seals keys and secrets. keyEncryptionKeyFile: FILE is the short form of provider: file.' }),
  furtherKeyEncryptionKeys: z.array(keyEncryptionKey).max(8).default([]).meta({
    description: 'Open what they sealed and seal nothing: the one before a change, until countersign keys rewrap is done.',
  }),
  directory: z.string().min(1).optional().meta({ description: 'Folder of the key files of backend: file.' }),
  vault: vault.optional().meta({ description: 'Azure Key Vault, for the backend or a key-encryption key.' }),
};
