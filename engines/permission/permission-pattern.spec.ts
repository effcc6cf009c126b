import { describe, expect, it } from '@jest/globals';
import { isPermissionName, matchesSegments, parsePattern } from './permission-pattern.js';

const matches = (pattern: string, name: string): boolean => {
  const parsed = parsePattern(pattern);
  return parsed.ok && matchesSegments(parsed.pattern, name.split(':'));
};
const longest = `app:${'a'.repeat(124)}`;

describe('permission patterns', () => {
  it.each([
    ['billing:invoice:read', 'billing:invoice:read'],
    ['billing:*:read', 'billing:invoice:read'],
    ['billing:invoice:*', 'billing:invoice:read'],
    ['*:*:*', 'billing:invoice:read'],
    ['billing:**', 'billing:invoice:read'],
    ['billing:**', 'billing:invoice'],
    ['billing:**', 'billing:a:b:c:d:e'],
    ['**:read', 'billing:invoice:read'],
    ['**:read', 'billing:read'],
    ['**', 'billing:invoice:read'],
    ['**:**', 'billing:read'],
    ['**:invoice:**', 'billing:invoice:read'],
    ['**:c:*:**', 'a:b:c:d:e'],
    ['*:**', 'billing:read'],
    [longest, longest],
    ['a_b-1:c', 'a_b-1:c'],
  ])('%s covers %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(true);
  });

  it.each([
    ['billing:*', 'billing:invoice:read'],
    ['billing:**', 'billing'],
    ['billing:**', 'billing2:invoice'],
    ['billing:invoice:**', 'billing:invoice'],
    ['**:read', 'read'],
    ['**:read', 'billing:read:all'],
    ['**:invoice:**', 'invoice:read'],
    ['**:invoice:**', 'billing:invoice'],
    ['**:**', 'billing'],
    ['billing:invoice:read', 'billing:invoice:reader'],
    ['billing:*:*', 'billing:invoice'],
    ['*:*', 'a:b:c'],
  ])('%s does not cover %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(false);
  });

  it.each([
    ['', 'empty'],
    ['billing', 'one segment'],
    ['*', 'one open segment'],
    ['billing:', 'an empty last segment'],
    [':read', 'an empty first segment'],
    ['billing::read', 'an empty middle segment'],
    ['Billing:invoice:read', 'upper case'],
    ['billing:invoice:READ', 'upper case'],
    ['billing:invoıce:read', 'a letter that is not ASCII'],
    ['billing:invoice.read', 'a dot'],
    ['billing:inv*:read', 'a star within a segment'],
    ['billing:***', 'three stars'],
    ['billing:**:read', 'two stars in the middle'],
    ['**:**:read', 'two stars in the middle'],
    ['a:b:c:d:e:f:g', 'seven segments'],
    ['a:b:c:d:e:f:**', 'seven segments'],
    [`${longest}a`, '129 bytes'],
    ['billing:invoice:read\n', 'a line break'],
    [' billing:invoice', 'a blank'],
    ['billing:(a|b)+$', 'a regular expression'],
    ['billing:__proto__!', 'an exclamation mark'],
  ])('refuses %j: %s', (pattern) => {
    expect(parsePattern(pattern).ok).toBe(false);
  });

  it('a name has no stars', () => {
    expect(isPermissionName('billing:invoice:read')).toBe(true);
    expect(isPermissionName(longest)).toBe(true);
    for (const text of [
      'billing',
      'billing:*',
      '**',
      'billing:**',
      'a:b:c:d:e:f:g',
      `${longest}a`,
      'billing::read',
      'Billing:read',
    ]) {
      expect(isPermissionName(text)).toBe(false);
    }
  });

  it('does not slow down on a text that is made to', () => {
    expect(parsePattern(`${'*:'.repeat(500_000)}x`).ok).toBe(false);
  });
});
