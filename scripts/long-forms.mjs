/** Specs that can run for longer than `npm test` has time for, by name: their paths, and the variables that make them long. */
export const LONG_FORMS = {
  'tenant-bleed': { specs: ['test/faults/tenant-bleed'], set: { TENANT_BLEED_CALLS: '100000' } },
  permissions: { specs: ['test/properties/permission/properties-'], set: { PERMISSION_QUESTIONS: '100000' } },
};
