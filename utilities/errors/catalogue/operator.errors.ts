import type { CatalogueEntry } from '../catalogue-entry.js';

/** What stops the service from starting or a command from finishing; read by operators, never sent to callers. */
export const OPERATOR_ERRORS = {
  CONFIG_INVALID: {
    summary: 'The configuration is not valid.',
    cause: 'The configuration file is missing, is not YAML, or has members that are unknown or of the wrong form.',
    remedy: ['Correct every fault that is listed.', 'Point the editor at docs/config.schema.json for completion.'],
  },
  CONFIG_PLAINTEXT_REFUSED: {
    summary: 'A port without TLS would be reachable from other hosts.',
    cause: 'A listener has no certificate, its address is not loopback, and behindProxy is not true.',
    remedy: [
      'Give the listener tls.certFile and tls.keyFile.',
      'Or bind it to 127.0.0.1.',
      'Or set behindProxy: true if a proxy on the way terminates TLS.',
    ],
  },
  KEY_ENCRYPTION_KEY_MISSING: {
    summary: 'There is no key-encryption key.',
    cause: 'keys.keyEncryptionKeyFile names no readable file.',
    remedy: [
      'Make one: countersign key-encryption-key --out FILE.',
      'Restore it from its backup if the database already holds sealed keys.',
    ],
  },
  KEY_ENCRYPTION_KEY_INSECURE: {
    summary: 'The key-encryption key is not protected.',
    cause: 'The file can be read or written by others than its owner, or does not hold 32 bytes in base64url.',
    remedy: ['chmod 0400 FILE', 'Check that the file is the one that was made by countersign key-encryption-key.'],
  },
  KEY_UNSEAL_FAILED: {
    summary: 'A sealed key could not be opened.',
    cause: 'The key-encryption key is not the one that sealed it, or the row was altered.',
    remedy: ['Use the key-encryption key that the database was set up with.', 'If the row was altered, treat it as an attack.'],
  },
  KEYRING_CHANGED: {
    summary: 'The keyring was changed by somebody else in the meantime; nothing was done.',
    cause: 'Another process or operator changed the keyring between reading and writing.',
    remedy: ['Look again: countersign keys status.', 'If the change is still wanted, ask for it again.'],
  },
  KEYRING_MOVE_REFUSED: {
    summary: 'The key cannot change to this state now; nothing was done.',
    cause: 'The state machine has no such move, or verifiers have not had the time that they need.',
    remedy: [
      'countersign keys status says which steps come when.',
      'In an emergency: countersign keys taint, revoke or break-glass.',
    ],
  },
  KEYRING_RESTORED: {
    summary: 'The database holds an older keyring than this installation has had.',
    cause: 'The database was restored from a backup: keys that it believes to be in use may have been stopped since.',
    remedy: [
      'If the database was restored on purpose: countersign keys break-glass --after-restore revokes its keys and makes new ones.',
      'If not, connect the right database.',
    ],
  },
  KEYRING_FLOOR_UNREADABLE: {
    summary: 'The file with the newest keyring epoch cannot be read.',
    cause: 'The file keyring-floor beside the key-encryption key is there, and is damaged or not readable.',
    remedy: [
      'Make it readable for the user that the service runs as.',
      'If it is damaged: check with countersign keys status that the database was not restored, then delete the file.',
    ],
  },
  KEY_UNKNOWN: {
    summary: 'There is no key of this kid.',
    cause: 'The kid names no key of the keyring.',
    remedy: ['countersign keys list shows every kid.'],
  },
  KEY_IMPORT_REFUSED: {
    summary: 'The key cannot be taken into the keyring; nothing was changed.',
    cause:
      'No such key is in the backend, it does not fit the algorithm, a private key that was handed over is not what it must be, or it is in the keyring already.',
    remedy: [
      'Check the backend, the reference and the algorithm, or the file: one unencrypted private key, PEM or JWK, that its owner alone may read.',
      'A key serves one algorithm for its whole life.',
    ],
  },
  DATA_DIRECTORY_LOCKED: {
    summary: 'Another process uses this data directory.',
    cause: 'The embedded database takes one process only; its lock file names that process.',
    remedy: ['Stop the other process.', 'Or use PostgreSQL: set DATABASE_URL.'],
  },
  SCHEMA_OUTDATED: {
    summary: 'The database has not been migrated to this version.',
    cause: 'A migration of this version has not been applied.',
    remedy: ['Run countersign migrate.'],
  },
  DATABASE_ROLE_UNSAFE: {
    summary: 'The role of the database connection is not bound by row-level security.',
    cause:
      'It is a superuser, has BYPASSRLS, or row-level security is off on a table of tenants: one wrong statement could show one tenant the data of another.',
    remedy: [
      'Connect as a role that is neither: docs/operating/database-roles.md has the statements.',
      'If a table is named: run countersign migrate, or turn its row-level security on again.',
    ],
  },
  IMPORT_INVALID: {
    summary: 'The import file is not valid; nothing was changed.',
    cause: 'The file is not YAML or JSON, has unknown members, or refers to something that is not there.',
    remedy: ['Correct every fault that is listed, and import again.'],
  },
  OPERATOR_ALREADY_APPOINTED: {
    summary: 'Another identity is the first operator already.',
    cause: 'A bootstrap file appoints the first operator once; the file names somebody else.',
    remedy: ['Ask an operator to assign the role operator in the tenant platform.', 'Delete the bootstrap file.'],
  },
  ISSUER_INVALID: {
    summary: 'The issuer cannot be trusted as it is described; nothing was changed.',
    cause: 'A member is missing or of the wrong form, a rule is broken, or another active issuer owns the same iss.',
    remedy: ['Correct every fault that is listed.', 'Read docs/guides/trusting-an-issuer.md for what an issuer needs.'],
  },
  ISSUER_UNKNOWN: {
    summary: 'There is no such issuer, or no such version of it.',
    cause: 'The name or the number of the version is not one that was drafted.',
    remedy: ['List what there is: countersign issuer list.', 'Draft it first: countersign issuer add.'],
  },
  ISSUER_CHANGED: {
    summary: 'The issuer has changed since it was looked at; nothing was done.',
    cause: 'Another version was activated, or the issuer was disabled or enabled, at the same time.',
    remedy: ['Look at what is in force now: countersign issuer show NAME.', 'Repeat the command if it still is what you want.'],
  },
  DEVKIT_REFUSED: {
    summary: 'Development parts cannot run here.',
    cause: 'A development issuer, key or secret was configured under serve.',
    remedy: ['Use countersign dev for development.', 'Configure a real issuer and keys for serve.'],
  },
  PLUGIN_CARDINALITY: {
    summary: 'A plug-in list is not complete.',
    cause: 'Too few plug-ins of a kind are registered, or two have the same name.',
    remedy: ['Correct the list in the composition root.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
