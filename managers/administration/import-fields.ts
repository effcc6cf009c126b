import { z } from 'zod';

/** Printable ASCII without spaces: what ids and audiences of OAuth are made of. */
const VISIBLE = /^[\x21-\x7e]{1,512}$/;
const KEY = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

// Members that occur in several kinds of objects.

export const visible = z.string().regex(VISIBLE, 'expected printable ASCII without spaces, at most 512 characters');
export const key = z.string().regex(KEY, 'expected letters, digits, . _ @ - and at most 128 characters');
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'expected lower-case letters, digits, _ and -, at most 63 characters');
/** Text of an identity provider that is compared exactly: anything but control characters. */
export const claimText = z
  .string()
  .regex(/^[^\u0000-\u001f\u007f-\u009f]{1,1024}$/u, 'expected 1 to 1024 characters without control characters');
export const patterns = z.array(z.string()).max(10_000);
