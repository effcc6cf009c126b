// The composition root names implementations; commands and clients do not.
export { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
