import { z } from 'zod';

export const authzenSchema = z.strictObject({
  tenant: z.string().min(1).max(63).nullable().default(null).meta({
    description: 'Slug of the tenant that is meant where a question does not say so in context.tenant; null: it has to.',
  }),
  searches: z
    .array(z.enum(['action', 'resource', 'subject']))
    .max(3)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'expected each kind once')
    .default(['action', 'resource', 'subject'])
    .meta({ description: 'Which searches there are. A search for subjects tells clients the keys of those who hold something.' }),
});
