import { z } from 'zod';
import type { AuditSettings } from './contract.js';

const file = z.string().min(1, 'expected the name of a file');

/** Checkpoints are signed, so who reads them on the way learns little; the token that may go with them must not be read. */
function isAnchorUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname));
}

export const auditSchema = z.strictObject({
  retentionDays: z
    .int()
    .min(30)
    .max(36_500)
    .nullable()
    .default(null)
    .meta({ description: 'How long audit records are kept, in whole days (UTC); null: for good.' }),
  anchor: z
    .strictObject({
      file: file
        .nullable()
        .default(null)
        .meta({ description: 'Append-only file of checkpoints, on another disk than the database, best on another host.' }),
      url: z
        .string()
        .refine(isAnchorUrl, 'expected an https URL without credentials (http on loopback alone)')
        .nullable()
        .default(null)
        .meta({ description: 'Each checkpoint is sent here by POST, application/jose; any 2xx says that it is kept.' }),
      bearerFile: file
        .nullable()
        .default(null)
        .meta({ description: 'File with the bearer token for url; read for each request.' }),
    })
    .prefault({})
    .meta({ description: 'Where checkpoints of the audit trail are kept outside of the database.' }),
  spool: z
    .strictObject({
      directory: z.string().min(1).meta({
        description: 'Folder on a disk of this host that outlives the process; each process writes to a file of its own.',
      }),
      maxBytes: z
        .int()
        .min(1_048_576)
        .default(268_435_456)
        .meta({ description: 'Most that the folder holds; when it is full, nothing is issued.' }),
    })
    .nullable()
    .default(null)
    .meta({ description: 'Where records wait while PostgreSQL is away; null: issuing stops with PostgreSQL.' }),
});

export function auditOf(from: z.infer<typeof auditSchema>, beside: (name: string) => string): AuditSettings {
  const named = (name: string | null): string | null => (name === null ? null : beside(name));
  const { anchor, spool } = from;
  return {
    retentionDays: from.retentionDays,
    anchor: { file: named(anchor.file), url: anchor.url, bearerFile: named(anchor.bearerFile) },
    spool: spool === null ? null : { directory: beside(spool.directory), maxBytes: spool.maxBytes },
  };
}
