import { z } from 'zod';

export const grantsSchema = z.strictObject({
  replayWhenStoreIsAway: z.enum(['refuse', 'per-process']).default('refuse').meta({
    description:
      'What becomes of client assertions and DPoP proofs while PostgreSQL is away: refused, or single use by what each process has seen, marked in the audit.',
  }),
  dpopNonces: z
    .enum(['off', 'public-clients', 'required'])
    .default('off')
    .meta({ description: 'Whose DPoP proofs need a nonce of this service: guides/sender-constrained-tokens.md.' }),
});
