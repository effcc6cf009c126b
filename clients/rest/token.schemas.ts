import type { ApiBodyOptions } from '@nestjs/swagger';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const text = (description: string): SchemaObject => ({ type: 'string', description });

/** Form parameters of RFC 8693 §2.1, for the OpenAPI document. */
export const TOKEN_REQUEST_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['grant_type', 'subject_token', 'subject_token_type'],
  properties: {
    grant_type: { type: 'string', enum: ['urn:ietf:params:oauth:grant-type:token-exchange'] },
    subject_token: text('The access token of a trusted identity provider: a signed JWT in compact form, at most 16 KiB.'),
    subject_token_type: {
      type: 'string',
      enum: ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:access_token'],
    },
    audience: text('The exact audience of the target application. May be repeated if all values are the same.'),
    resource: text('The same by absolute URI (RFC 8707).'),
    scope: text('Permission names and patterns of the target application, separated by single spaces.'),
    requested_token_type: {
      type: 'string',
      enum: ['urn:ietf:params:oauth:token-type:access_token', 'urn:ietf:params:oauth:token-type:jwt'],
    },
    tenant: text('Slug of the tenant, where the subject token fits several.'),
    client_id: text(
      'For client_secret_post, for an assertion of another issuer, for a client certificate, and for public clients.',
    ),
    client_secret: text('For client_secret_post.'),
    client_assertion: text('For private_key_jwt (RFC 7523): signed by the client, or a token of a trusted issuer for it.'),
    client_assertion_type: { type: 'string', enum: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'] },
  },
};

export const TOKEN_RESPONSE_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['access_token', 'issued_token_type', 'token_type', 'expires_in', 'scope', 'consistency_token'],
  properties: {
    access_token: text('The issued token: a signed JWT of the RFC 9068 profile.'),
    issued_token_type: text('What was issued.'),
    token_type: { type: 'string', enum: ['Bearer'] },
    expires_in: { type: 'integer', description: 'Seconds until it expires.' },
    scope: text('The granted scope.'),
    consistency_token: text('What a live check may ask to be at least as fresh as. Opaque.'),
    authorization_details: {
      type: 'array',
      items: { type: 'object', required: ['type'], properties: { type: text('{prefix}_resource.') } },
      description: 'Permissions on particular resources (RFC 9396 §7), as they are in the token.',
    },
  },
};

export const OAUTH_ERROR_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['error', 'error_description', 'code', 'diagnostic_id'],
  properties: {
    error: text('OAuth error of RFC 6749 §5.2 and RFC 8693 §2.2.2.'),
    error_description: text('One safe sentence; it may change.'),
    code: text('The stable code of the error catalogue.'),
    diagnostic_id: text('Finds the log lines and the audit record of this answer.'),
    field: text('The parameter at fault, where there is one.'),
    expected: text('What was expected, where it helps.'),
    actual: text('What was found, where it is safe to tell.'),
    claims: text('Base64 of a claims request: acquire a new subject token with it (step-up).'),
  },
};
