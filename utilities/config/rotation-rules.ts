import type { RotationSettings } from './contract.js';
import { rotationSchema, type RotationFile } from './rotation.schema.js';
import type { SettingsFault } from './settings-fault.js';

/** What holds where the settings file says nothing. */
export function usualRotation(): RotationSettings {
  return rotationOf(rotationSchema.parse({}));
}

export function rotationOf(file: RotationFile): RotationSettings {
  return { ...file, retireAfterSeconds: file.retireAfterSeconds ?? 2 * file.maxTokenSeconds + 600 };
}

/**
 * Times under which a verifier would meet a key that it does not know, or miss one that it still needs.
 * SigningEngine.safetyFaults asks the same of a policy; both are held to each other by a test.
 */
export function rotationRules(file: RotationFile | undefined): readonly SettingsFault[] {
  if (file === undefined) return [];
  const times = rotationOf(file);
  const { jwksMaxAgeSeconds, jwksStaleIfErrorSeconds, verifierCacheSeconds, propagationSeconds, skewSeconds } = times;
  const learnt = verifierCacheSeconds + jwksMaxAgeSeconds + jwksStaleIfErrorSeconds + propagationSeconds + skewSeconds;
  const ended = times.maxTokenSeconds + times.leewaySeconds + skewSeconds + propagationSeconds;
  return [
    ...atLeast(times, 'verifierCacheSeconds', jwksMaxAgeSeconds, 'jwksMaxAgeSeconds'),
    ...atLeast(times, 'prePublishSeconds', learnt, 'the time in which every verifier learns of a key'),
    ...atLeast(times, 'retireAfterSeconds', ended, 'the time in which every token of a key ends'),
    ...atLeast(
      times,
      'periodSeconds',
      times.prePublishSeconds + times.retireAfterSeconds,
      'prePublishSeconds + retireAfterSeconds',
    ),
  ];
}

// eslint-disable-next-line max-params -- a table of four columns
function atLeast(times: RotationSettings, member: keyof RotationSettings, least: number, because: string): SettingsFault[] {
  if (times[member] >= least) return [];
  const message = `expected at least ${String(least)}: ${because}`;
  return [{ code: 'CONFIG_INVALID', path: ['keys', 'rotation', member], message }];
}
