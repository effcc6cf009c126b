/**
 * Specs that can run for longer than `npm test` has time for, by name: their paths, and the variables that make them long. `alone`: after
 * the others, with the machine to itself.
 */
export const LONG_FORMS = {
  kills: { specs: ['test/faults/keys/rotation-kills'], set: { COUNTERSIGN_KILLS_PER_STEP: '5' } },
  audit: {
    specs: ['test/faults/audit/kills', 'test/faults/audit/flood'],
    set: { AUDIT_KILL_ROUNDS: '20', AUDIT_FLOOD_REFUSALS: '50000' },
  },
  replay: { specs: ['accessors/grants/default.grants'], set: { REPLAY_ROUNDS: '1000' } },
  tls: { specs: ['test/e2e/mutual-tls'], set: { TLS_ROTATIONS: '50' } },
  'tenant-bleed': { specs: ['test/faults/tenant-bleed'], set: { TENANT_BLEED_CALLS: '100000' } },
  delegation: {
    specs: ['test/properties/delegation/subset', 'test/e2e/delegation-requests'],
    set: { DELEGATION_POLICIES: '100000', DELEGATION_REQUESTS: '1000' },
  },
  authzen: {
    specs: ['test/authzen/searches', 'test/equivalence'],
    set: { AUTHZEN_WORLDS: '100', EQUIVALENCE_CASES: '10000' },
  },
  attacks: { specs: ['test/attacks/attacks'], set: { ATTACKS_LONG: '1' }, alone: true },
  shutdown: { specs: ['test/faults/shutdown'], set: { SHUTDOWN_ROUNDS: '5' }, alone: true },
  permissions: {
    specs: ['test/properties/permission/properties-', 'test/properties/permission/planted-faults', 'test/life'],
    set: { PERMISSION_QUESTIONS: '100000', TOKEN_LIFE_EVERY: '97' },
  },
};
