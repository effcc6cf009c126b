import { z } from 'zod';

const file = z.string().min(1, 'expected the name of a file');
const PATH = /^(subject|tenant|session|flag)\.[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const columns = z
  .record(z.string(), z.string().min(1).max(63))
  .refine(
    (record) => Object.keys(record).every((path) => PATH.test(path)),
    'expected paths: subject.NAME, tenant.NAME, session.NAME or flag.NAME',
  );

const common = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and hyphens')
    .refine((name) => !['idp', 'sts', 'db', 'pep'].includes(name), 'this is the name of a built-in source')
    .meta({ description: 'What policies call it in source.' }),
  timeoutMs: z.int().min(1).max(5_000).default(500).meta({ description: 'Milliseconds that an answer is waited for.' }),
  cacheSeconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(30)
    .meta({ description: 'Seconds for which an answer is given again without asking; 0: it is asked each time.' }),
  validSeconds: z.int().min(1).max(86_400).default(900).meta({
    description: 'Seconds, more than cacheSeconds, for which what it told may be relied on: tokens that rest on it end by then.',
  }),
};

const sql = z.strictObject({
  ...common,
  kind: z.literal('sql'),
  urlFile: file.meta({ description: 'File with the URL of the PostgreSQL database, which holds its password.' }),
  query: z
    .string()
    .min(1)
    .max(10_000)
    .meta({ description: 'One statement that reads; $1, $2 … are what parameters name. It answers one row, or none.' }),
  parameters: z
    .array(z.enum(['tenantId', 'tenant', 'subjectKey', 'instance', 'externalId']))
    .max(5)
    .default(['tenant', 'subjectKey'])
    .meta({
      description: 'What the statement is handed, in this order. A subject of which one is not known is not asked about.',
    }),
  columns: columns.meta({ description: 'Column of each path that it tells.' }),
  poolSize: z.int().min(1).max(50).default(4).meta({ description: 'Most connections that one process keeps.' }),
});

const http = z.strictObject({
  ...common,
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }).meta({ description: 'Where the question is posted: https, or http on this host in dev.' }),
  bearerFile: file
    .nullable()
    .default(null)
    .meta({ description: 'File with a bearer token, read anew for each question; null: none is sent.' }),
});

const openFeature = z.strictObject({
  ...common,
  kind: z.literal('openfeature'),
  providerModule: file.meta({
    description: 'JavaScript module whose default export makes the OpenFeature provider: export default () => new MyProvider().',
  }),
});

export const factSourcesSchema = z.array(z.discriminatedUnion('kind', [sql, http, openFeature])).max(20);

export type FactSourceFile = z.infer<typeof factSourcesSchema>[number];
