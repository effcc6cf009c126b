import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { COUNTERSIGN_REASONS, CountersignError } from './countersign-error.js';
import { hasPermission, requirePermissions } from './permission-guards.js';

const clerk = { permissions: ['billing:invoice:read', 'billing:invoice:list'], permissionsByReference: false };
const unlisted = { permissions: [], permissionsByReference: true };
const refusal = (reason: string): object => expect.objectContaining({ reason, retryable: false });

describe('A permission', () => {
  it('is held by its full name alone', () => {
    expect(hasPermission(clerk, 'billing:invoice:read')).toBe(true);
    expect(hasPermission(clerk, 'billing:invoice:rea')).toBe(false);
    expect(hasPermission(clerk, 'billing:invoice')).toBe(false);
    expect(hasPermission({ ...clerk, permissions: ['billing:*'] }, 'billing:invoice')).toBe(false);
  });

  it.each(['billing:*', '**', 'billing', '', 'Billing:invoice:read', ' billing:invoice:read', 'a:b:c:d:e:f:g'])(
    'is never asked for as "%s"',
    (name) => {
      expect(() => hasPermission(clerk, name)).toThrow(TypeError);
      expect(() => {
        requirePermissions(unlisted, name);
      }).toThrow(TypeError);
    },
  );

  it('passes where every one is held, and nowhere else', () => {
    const guard = (...names: string[]) => {
      requirePermissions(clerk, ...names);
    };
    guard('billing:invoice:read', 'billing:invoice:list');
    expect(() => {
      guard('billing:invoice:read', 'billing:invoice:delete');
    }).toThrow(refusal('PERMISSION_DENIED'));
    expect(() => {
      guard();
    }).toThrow(TypeError);
  });

  it('of a token that does not list them is not held, and the error says why', () => {
    expect(hasPermission({ ...clerk, permissionsByReference: true }, 'billing:invoice:read')).toBe(false);
    expect(() => {
      requirePermissions(unlisted, 'billing:invoice:read');
    }).toThrow(refusal('PERMISSIONS_BY_REFERENCE'));
  });
});

describe('An error', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/sdk/verifier.md'), 'utf8');

  it.each(COUNTERSIGN_REASONS)('%s leads to its heading, and has an id of its own', (reason) => {
    const [error, next] = [new CountersignError(reason), new CountersignError(reason)];
    expect(error.helpUrl).toBe(`https://countersign.example/docs/sdk/verifier.md#${reason.toLowerCase()}`);
    expect(page).toContain(`\n### ${reason}\n`);
    expect(error.diagnosticId).toMatch(/^[0-9a-f]{32}$/);
    expect(next.diagnosticId).not.toBe(error.diagnosticId);
    expect(error.retryable).toBe(reason.endsWith('_UNAVAILABLE'));
  });
});
