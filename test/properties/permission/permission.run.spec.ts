import { describe, it } from '@jest/globals';
import { freshEngine } from './judge.js';
import { assertProperties, PROPERTIES } from './property-run.js';

describe('smoke', () => {
  it.each(Object.keys(PROPERTIES))('%s', (name) => {
    assertProperties({ judge: () => freshEngine(), questions: 300, seed: 1, properties: [name] });
  });
});
