import { z } from 'zod';

const rate = z.number().positive().max(1_000_000).nullable();

export const limitsSchema = z.strictObject({
  concurrentRequests: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .meta({ description: 'Requests of clients that one process works on at a time; what is over it is told to come again.' }),
  perClientPerSecond: rate
    .default(1_000)
    .meta({ description: 'Requests of one client that one process lets through, bursts of two seconds; null: all.' }),
  perIssuerPerSecond: rate
    .default(null)
    .meta({ description: 'Exchanges with valid tokens of one issuer that one process lets through; null: all.' }),
});
