import { describe, expect, it } from '@jest/globals';
import { patternFaults } from './pattern-faults.js';

const CATALOGUE = ['billing:invoice:read', 'billing:invoice:delete', 'billing:report:read'];

describe('Validating patterns outside a policy', () => {
  it('checks them against a catalogue, or their form alone', () => {
    const patterns = ['billing:invoice:*', 'billing:order:*', 'billing:**:read'];
    expect(patternFaults(patterns, CATALOGUE).map(({ path }) => path)).toEqual(['[1]', '[2]']);
    expect(patternFaults(patterns, null).map(({ path }) => path)).toEqual(['[2]']);
  });
});
