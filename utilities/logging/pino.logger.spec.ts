import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { Logger } from './contract.js';
import { PinoLogger, type LogLevel } from './pino.logger.js';

function capture(level: LogLevel = 'debug'): { readonly logger: Logger; readonly written: string[] } {
  const written: string[] = [];
  const destination = { write: (text: string) => void written.push(text) };
  return { logger: new PinoLogger({ level, clock: new ManualClock(1_790_000_000_000), destination }), written };
}
/** What a terminal, a line splitter or a viewer acts on. */
const ACTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;
const only = (written: readonly string[]): unknown => {
  expect(written).toHaveLength(1);
  return JSON.parse(written[0] ?? '');
};

describe('Logger', () => {
  it('writes one JSON object a line with level, time and event', () => {
    const { logger, written } = capture();
    logger.warn('store.slow', { milliseconds: 120, retried: false, tables: ['a', 'b'], cause: null, nothing: undefined });
    expect(written[0]).toMatch(/^\{.*\}\n$/);
    expect(only(written)).toEqual({
      level: 'warn',
      time: 1_790_000_000_000,
      event: 'store.slow',
      milliseconds: 120,
      retried: false,
      tables: ['a', 'b'],
      cause: null,
    });
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ] as const)('at level %s writes %i of the four severities', (level, lines) => {
    const { logger, written } = capture(level);
    logger.debug('a.b');
    logger.info('a.b');
    logger.warn('a.b');
    logger.error('a.b');
    expect(written).toHaveLength(lines);
  });

  it('a field cannot take the place of what every line has', () => {
    const { logger, written } = capture();
    logger.info('token.refused', { level: 'error', time: 1, event: 'token.issued' });
    expect(only(written)).toMatchObject({
      level: 'info',
      event: 'token.refused',
      field_event: 'token.issued',
      field_level: 'error',
    });
    expect(written[0]?.match(/"event":/g)).toHaveLength(1);
  });
});

describe('CVE class: log injection by kid and sub (wso2/agent-manager#727)', () => {
  it.each([
    ['line breaks', 'k1\r\n{"level":"info","event":"token.issued"}'],
    ['an ANSI sequence', '\u001b[2J\u001b[1;31mgone'],
    ['an eight-bit ANSI sequence', '\u009b2Jgone'],
    ['next line', 'a\u0085b'],
    ['line and paragraph separators', 'a\u2028b\u2029c'],
    ['marks that reverse the reading direction', 'user\u202etxt.exe\u2066\u061c\u200f'],
    ['NUL, DEL and a lone surrogate', 'a\u0000b\u007fc\ud800d'],
    ['a closing quote', 'x","event":"token.issued'],
  ])('%s stay within one line and one value', (_, hostile) => {
    const { logger, written } = capture();
    logger.warn('token.refused', { kid: hostile, list: [hostile] });
    expect(written).toHaveLength(1);
    const body = (written[0] ?? '').slice(0, -1);
    expect(body).not.toMatch(ACTIVE);
    expect(written[0]?.endsWith('\n')).toBe(true);
    expect(only(written)).toMatchObject({ event: 'token.refused' });
  });

  it('100 KB are cut to a kilobyte, and a long list to its beginning', () => {
    const { logger, written } = capture();
    logger.warn('token.refused', { kid: 'k'.repeat(100_000), groups: Array.from({ length: 5000 }, () => 'g'.repeat(10)) });
    expect(written[0]?.length).toBeLessThan(3000);
    expect(written[0]).toContain('… (100000 characters)');
    expect(written[0]).toContain('… 4936 more');
  });
});
