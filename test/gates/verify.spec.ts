import { describe, expect, it } from '@jest/globals';
import { runScript } from './planted-tree.js';

describe('npm run verify', () => {
  it('runs each gate that is asked for, tells its time, and sums up', async () => {
    const { status, output } = await runScript('scripts/verify.mjs', ['protos:check', 'floors'], '.');
    expect(output).toMatch(/^ok {5}protos:check +\d+\.\d s\nok {5}floors +\d+\.\d s\n\nverify: every gate passed\n$/);
    expect(status).toBe(0);
  });

  it('does not pass when asked for a gate that does not exist', async () => {
    const { status, output } = await runScript('scripts/verify.mjs', ['flors'], '.');
    expect(status).toBe(1);
    expect(output).toContain('No gate is called flors');
  });
});
