import { z } from 'zod';

/** How long connections of the gRPC port live, and what they are used for. */
export const connectionsSchema = z.strictObject({
  keepaliveSeconds: z
    .int()
    .min(10)
    .max(7_200)
    .default(60)
    .meta({ description: 'Seconds after which a connection is asked whether it is alive still.' }),
  keepaliveTimeoutSeconds: z
    .int()
    .min(1)
    .max(300)
    .default(20)
    .meta({ description: 'Seconds that it has for the answer before it is closed.' }),
  maxAgeSeconds: z.int().min(1).max(86_400).nullable().default(1_200).meta({
    description:
      'Seconds after which a client is told to connect anew, so that it finds replicas that came later; give or take a tenth. null: never.',
  }),
  maxAgeGraceSeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(30)
    .meta({ description: 'Seconds that calls under way have after that to end.' }),
  maxStreams: z
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .meta({ description: 'Calls at a time on one connection; further ones wait at the client.' }),
  keyWatchers: z
    .int()
    .min(0)
    .max(10_000)
    .default(256)
    .meta({ description: 'Streams of key changes that one process keeps open; one client has a quarter of them at most.' }),
});
