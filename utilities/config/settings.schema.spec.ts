import { describe, expect, it } from '@jest/globals';
import { settingsJsonSchema } from './settings.schema.js';

describe('The schema of settings', () => {
  it('publishes a JSON Schema that describes every member and takes no others', () => {
    const schema = settingsJsonSchema();
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, required: ['issuer'] });
    expect(Object.keys(schema['properties'] ?? {})).toContain('drainSeconds');
    expect(membersWithoutDescription(schema)).toEqual([]);
  });
});

function membersWithoutDescription(schema: unknown, path = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const properties: unknown = Reflect.get(schema, 'properties');
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, member]: [string, unknown]) => {
    const described = typeof member === 'object' && member !== null && 'description' in member;
    return [...(described ? [] : [`${path}${name}`]), ...membersWithoutDescription(member, `${path}${name}.`)];
  });
}
