import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeOnPostgres } from '../support/database.js';
import { describeCertification } from './certification.suite.js';
import { describeGuide } from './guide.suite.js';
import { startRecords, type RecordsWorld } from './records.world.js';
import { describeTraps } from './traps.suite.js';

/** One service for both. */
describeOnPostgres('AuthZEN 1.0', (open) => {
  let world: RecordsWorld;
  const running = (): RecordsWorld => world;
  beforeAll(async () => {
    world = await startRecords((await open()).settings);
  }, 60_000);
  afterAll(() => world.stop());

  describe('The certification scenario', () => describeCertification(running));
  describe('A question', () => describeTraps(running));
  describe('What the guide shows', () => describeGuide(running));
});
