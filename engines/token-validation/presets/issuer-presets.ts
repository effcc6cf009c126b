import type { IssuerPreset } from '#accessors/issuer/issuer-preset.contract.js';
import { AUTH0_PRESET } from './auth0.preset.js';
import { GITHUB_ACTIONS_PRESET } from './github-actions.preset.js';
import { GOOGLE_PRESET } from './google.preset.js';
import { KEYCLOAK_PRESET } from './keycloak.preset.js';
import { KUBERNETES_PRESET } from './kubernetes.preset.js';
import { OKTA_PRESET } from './okta.preset.js';
import { SPIFFE_PRESET } from './spiffe.preset.js';

/** The presets that come with the service. */
export const BUILT_IN_PRESETS: readonly IssuerPreset[] = [
  AUTH0_PRESET,
  GITHUB_ACTIONS_PRESET,
  GOOGLE_PRESET,
  KEYCLOAK_PRESET,
  KUBERNETES_PRESET,
  OKTA_PRESET,
  SPIFFE_PRESET,
];
