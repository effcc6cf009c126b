import { describe, expect, it } from '@jest/globals';
import { permissionsOf, populationDocument, subjectCount } from './population.js';

const cloud = { name: 'x', loginBase: 'https://login.example', v1IssuerBase: 'https://sts.example' };

describe('the population', () => {
  it('is as large as the bench promises', () => {
    expect(subjectCount).toBeGreaterThanOrEqual(10_000);
    expect(populationDocument(cloud, '0'.repeat(64))).toMatchObject({
      applications: [{ permissions: { length: 200 } }],
      subjects: { length: subjectCount },
      assignments: { length: 2 * subjectCount + 20 },
    });
  });

  it('gives subjects different permissions, never none', () => {
    const sets = Array.from({ length: 256 }, (_, index) => permissionsOf(index * 39).join(' '));
    expect(new Set(sets).size).toBeGreaterThan(30);
    expect(sets).not.toContain('');
  });
});
