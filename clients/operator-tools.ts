// The composition root names implementations; commands use what it hands out here.
export { createKeyEncryptionKeyFile } from '#accessors/key/file.key-encryption-key.js';
export { SystemClock } from '#utilities/clock/system.clock.js';
export { redactedSettings } from '#utilities/config/redacted-settings.js';
export { usualRotation } from '#utilities/config/rotation-rules.js';
export { parseSettings } from '#utilities/config/settings.loader.js';
