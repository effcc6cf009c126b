import { describe, it } from '@jest/globals';
import { signingBackendConformance } from '../../test/conformance/signing-backend.conformance.js';
import { type KeyShelf, MemorySigningBackend } from './memory.signing-backend.js';

describe('MemorySigningBackend', () => {
  const shelf: KeyShelf = new Map();
  const rules = signingBackendConformance(async () => new MemorySigningBackend({ shelf }));
  it.each(rules)('$name', async ({ check }) => check());
});
