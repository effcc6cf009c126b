import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';

/** Workflows of GitHub Actions. The subject can be customised and names can be taken over, so the ids count. */
export const GITHUB_ACTIONS_PRESET: IssuerPreset = {
  name: 'github-actions',
  issuer: 'https://token.actions.githubusercontent.com',
  defaults: {
    acceptedTypes: ['JWT'],
    algorithms: ['RS256'],
    allowMissingType: false,
    claims: { roles: 'roles', groups: 'groups' },
    identityClaims: ['repository_owner_id', 'repository_id'],
    presenterClaims: ['repository_id'],
    kind: 'workload',
    markerClaims: ['repository_id', 'run_id'],
    keySource: { from: 'discovery' },
  },
  conditions: [],
  sharedUnless: ['repository_owner_id', 'repository_id', 'enterprise_id'],
  traps: [
    'Everybody on GitHub gets tokens of this issuer: without a condition on an id, any repository of the world is trusted.',
    'sub has two forms, by names or by ids, and a repository can customise it: never match it, and never a name of an owner or repository, which can be given to somebody else.',
    'A pull request from a fork runs in your repository: add conditions on event_name, ref or environment where a workflow may deploy.',
    'The workflow asks for the audience itself: list one that only this service uses, never the default (the URL of the owner).',
  ],
};
