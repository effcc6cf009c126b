import { z } from 'zod';

const DAY = 86_400;
const seconds = (most: number) => z.int().min(0).max(most);

/** When signing keys change. The times depend on each other; `rotation-rules` says how. */
export const rotationSchema = z.strictObject({
  periodSeconds: seconds(3650 * DAY)
    .default(30 * DAY)
    .meta({ description: 'How long a key signs.' }),
  prePublishSeconds: seconds(365 * DAY)
    .default(DAY)
    .meta({ description: 'How long a key is public before it signs, so that every verifier has it by then.' }),
  retireAfterSeconds: seconds(365 * DAY)
    .optional()
    .meta({ description: 'How long a key stays public after it signed last; 2 * maxTokenSeconds + 600 unless set.' }),
  jwksMaxAgeSeconds: seconds(DAY).default(300).meta({ description: 'max-age of our JWK set.' }),
  jwksStaleIfErrorSeconds: seconds(DAY).default(3600).meta({ description: 'stale-if-error of our JWK set.' }),
  verifierCacheSeconds: seconds(30 * DAY)
    .default(12 * 3600)
    .meta({ description: 'Longest time for which a verifier keeps our JWK set without asking again.' }),
  propagationSeconds: seconds(3600)
    .default(300)
    .meta({ description: 'Longest time until the last replica knows of a change or stops issuing.' }),
  skewSeconds: seconds(3600).default(60).meta({ description: 'Clock difference between replicas and verifiers.' }),
  leewaySeconds: seconds(3600).default(300).meta({ description: 'How long after exp a verifier may still accept a token.' }),
  maxTokenSeconds: seconds(DAY)
    .min(30)
    .default(DAY)
    .meta({ description: 'Longest life of any token; longer ones are cut to it.' }),
});

export type RotationFile = z.infer<typeof rotationSchema>;
