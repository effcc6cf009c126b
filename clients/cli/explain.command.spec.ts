import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import { offlineDiagnosis } from '../explain.js';
import { addExplainCommand } from './explain.command.js';

const folder = mkdtempSync(join(tmpdir(), 'explain-command-'));

describe('countersign explain', () => {
  beforeEach(() => {
    process.exitCode = 0;
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => {
    process.exitCode = 0;
    rmSync(folder, { recursive: true });
  });

  function explain(...parameters: readonly string[]): string {
    let printed = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((more) => {
      printed += String(more);
      return true;
    });
    const program = new Command().exitOverride();
    addExplainCommand(program, offlineDiagnosis());
    program.parse(['explain', ...parameters], { from: 'user' });
    return printed;
  }

  it('reads words, a file, or a whole answer', () => {
    const file = join(folder, 'error.txt');
    writeFileSync(file, '{"error":"invalid_grant","error_codes":[500131]}');
    expect(explain('AADSTS65001:', 'no', 'consent')).toContain('1. ENTRA_CONSENT_MISSING (certain, by AADSTS65001)');
    expect(explain('--file', file)).toContain('ENTRA_ASSERTION_AUDIENCE_MISMATCH');
    expect(process.exitCode).toBe(0);
  });

  it('shows three causes, all with --all, and the same as JSON', () => {
    const text = 'AADSTS50000: There was an error issuing a token.';
    expect(explain(text)).toMatch(/\n\d+ more with --all\n$/);
    expect(explain(text, '--all').match(/^\d+\. /gm)?.length).toBeGreaterThanOrEqual(6);
    expect(JSON.parse(explain(text, '--json'))).toMatchObject({ saidBy: 'identity-provider' });
  });

  it('ends with 1 where nothing that is known looks like it, and says what would help', () => {
    expect(explain('it does not work')).toContain('Paste more of it');
    expect(process.exitCode).toBe(1);
  });
});
