import { createHash, randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createKeyEncryptionKeyFile } from '../operator-tools.js';

export function addSecretCommands(program: Command): void {
  program
    .command('key-encryption-key')
    .description('make the key that seals signing keys and secrets in the database; back it up apart from the database')
    .requiredOption('--out <file>', 'where to write it, mode 0400; never overwritten')
    .action((options: { out: string }) => {
      createKeyEncryptionKeyFile(options.out);
      console.log(`countersign: wrote ${options.out} (mode 0400)`);
    });
  program
    .command('client-secret')
    .description('make a client secret of 256 random bits, and the digest that an import file holds')
    .action(() => {
      const { secret, sha256 } = makeClientSecret();
      console.log(
        `client_secret: ${secret}\nsecretSha256:  ${sha256}\nThe secret is shown this once; only its digest is stored.`,
      );
    });
}

/** A secret of the form that `authenticateClient` takes, and its digest. */
export function makeClientSecret(): { readonly secret: string; readonly sha256: string } {
  const secret = `cs_${randomBytes(32).toString('base64url')}`;
  return { secret, sha256: createHash('sha256').update(secret).digest('hex') };
}
