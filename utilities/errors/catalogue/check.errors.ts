import type { CatalogueEntry } from '../catalogue-entry.js';

/** Decisions that are asked for live, and how fresh they are. */
export const CHECK_ERRORS = {
  CHECK_NOT_ALLOWED: {
    summary: 'The client may not ask for these decisions.',
    cause:
      'The application is not among the audiences in checks of the client, or the request asks for explanations and explains is not set.',
    remedy: [
      'Operator: list the audience under checks of the client; set explains if it may ask why.',
      'Check the audience for typing errors: it is compared exactly.',
    ],
  },
  CHECK_TOKEN_INVALID: {
    summary: 'The token that names the subject of the check is not valid.',
    cause:
      'It is neither a current token of this service for the audience that is asked about nor one of a trusted issuer that this client may hand in, or its issuer is trusted no more.',
    remedy: [
      'Hand in the token as it was received, and ask about the audience that it was issued for.',
      'The member actual says what is wrong with it; its own page of this catalogue tells more.',
    ],
  },
  CONSISTENCY_TOKEN_INVALID: {
    summary: 'The consistency token is not one of this service for this tenant.',
    cause: 'It was altered, comes from another installation, or belongs to another tenant.',
    remedy: ['Send the consistency_token of an earlier answer about the same tenant, unchanged, or leave it out.'],
  },
  CONSISTENCY_UNAVAILABLE: {
    summary: 'Data as fresh as was asked for could not be read.',
    cause: 'The database answered with an older state than the consistency token names, as after the restore of a backup.',
    remedy: ['Ask again.', 'If it stays: leave at_least_as_fresh out, and tell the operator.'],
  },
  PERMISSIONS_CHANGING: {
    summary: 'The permissions of the subject change within this second.',
    cause: 'A time limit of what was granted is so near that a token could not live until it.',
    remedy: ['Ask again after a second.'],
  },
} as const satisfies Record<string, CatalogueEntry>;
