import type { ApiBodyOptions } from '@nestjs/swagger';

type SchemaObject = Exclude<Extract<ApiBodyOptions, { schema: unknown }>['schema'], { $ref: string }>;

const text = (description: string): SchemaObject => ({ type: 'string', description });
const time = (description: string): SchemaObject => ({ type: 'integer', description });

/** Form parameters of RFC 7662 §2.1 and RFC 7009 §2.1, for the OpenAPI document. */
export const TOKEN_FORM_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['token'],
  properties: {
    token: text('The access token that is asked about or given up.'),
    token_type_hint: text('Ignored: there are access tokens alone.'),
    client_id: text('For client_secret_post, or of a public client that gives up its token.'),
    client_secret: text('For client_secret_post.'),
  },
};

export const INTROSPECTION_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['active'],
  properties: {
    active: { type: 'boolean', description: 'False: nothing else is told, whatever the reason.' },
    token_type: { type: 'string', enum: ['Bearer', 'DPoP'] },
    iss: text('This service.'),
    sub: text('The subject.'),
    aud: text('The application.'),
    client_id: text('The client that it was issued to.'),
    iat: time('Issued at, Unix seconds.'),
    exp: time('Ends at, Unix seconds.'),
    jti: text('Its id.'),
    scope: text('As it was granted.'),
    tenant: text('Slug of the tenant.'),
    permissions: { type: 'array', items: { type: 'string' }, description: 'As in the token; a check decides what is so now.' },
    act: { type: 'object', description: 'Who acts for the subject (RFC 8693 §4.1).' },
    cnf: { type: 'object', description: 'The key that it is bound to (RFC 7800 §3.1).' },
    authorization_details: {
      type: 'array',
      items: { type: 'object' },
      description: 'Permissions on particular resources (RFC 9396).',
    },
  },
};
