import type { ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import type { CATALOGUE } from '#utilities/errors/catalogue.js';
import { SAMPLE_AUDIENCE } from '../support/service.js';

const TYPE = 'urn:ietf:params:oauth:token-type:';

/** One fault, and what is answered to it over each transport. */
export interface BadRequestRow {
  readonly name: string;
  readonly form: Readonly<Record<string, string | null>>;
  readonly request: Partial<ExchangeTokenRequest>;
  readonly http: readonly [status: number, error: string];
  readonly grpc: string;
  readonly code: keyof typeof CATALOGUE;
  readonly field?: string;
}

export const BAD_REQUESTS: readonly BadRequestRow[] = [
  {
    name: 'no subject token',
    form: { subject_token: null },
    request: { subjectToken: '' },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'REQUEST_PARAMETER_MISSING',
    field: 'subject_token',
  },
  {
    name: 'no subject token type',
    form: { subject_token_type: null },
    request: { subjectTokenType: '' },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'REQUEST_PARAMETER_MISSING',
    field: 'subject_token_type',
  },
  {
    name: 'an ID token by its type',
    form: { subject_token_type: `${TYPE}id_token` },
    request: { subjectTokenType: `${TYPE}id_token` },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TOKEN_TYPE_UNSUPPORTED',
    field: 'subject_token_type',
  },
  {
    name: 'an actor token',
    form: { actor_token: 'x', actor_token_type: `${TYPE}jwt` },
    request: { actorToken: 'x', actorTokenType: `${TYPE}jwt` },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'ACTOR_TOKEN_INVALID',
    field: 'actor_token',
  },
  {
    name: 'an actor token type alone',
    form: { actor_token_type: `${TYPE}jwt` },
    request: { actorTokenType: `${TYPE}jwt` },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'REQUEST_PARAMETER_MISSING',
    field: 'actor_token',
  },
  {
    name: 'impersonation',
    form: { impersonation: 'true' },
    request: { impersonation: true },
    http: [400, 'invalid_request'],
    grpc: 'PERMISSION_DENIED',
    code: 'IMPERSONATION_NOT_ALLOWED',
    field: 'impersonation',
  },
  {
    name: 'an ID token to be issued',
    form: { requested_token_type: `${TYPE}id_token` },
    request: { requestedTokenType: `${TYPE}id_token` },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'REQUESTED_TOKEN_TYPE_UNSUPPORTED',
    field: 'requested_token_type',
  },
  {
    name: 'an unknown audience',
    form: { audience: 'https://nobody.example' },
    request: { audience: ['https://nobody.example'] },
    http: [400, 'invalid_target'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TARGET_UNKNOWN',
    field: 'audience',
  },
  {
    name: 'an audience that differs by a slash',
    form: { audience: `${SAMPLE_AUDIENCE}/` },
    request: { audience: [`${SAMPLE_AUDIENCE}/`] },
    http: [400, 'invalid_target'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TARGET_UNKNOWN',
    field: 'audience',
  },
  {
    name: 'an audience outside the registration',
    form: { audience: 'https://ledger.acme.example' },
    request: { audience: ['https://ledger.acme.example'] },
    http: [400, 'invalid_target'],
    grpc: 'PERMISSION_DENIED',
    code: 'TARGET_NOT_ALLOWED',
    field: 'audience',
  },
  {
    name: 'two targets',
    form: { resource: 'https://nobody.example' },
    request: { resource: ['https://nobody.example'] },
    http: [400, 'invalid_target'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TARGET_AMBIGUOUS',
  },
  {
    name: 'a resource with a fragment',
    form: { audience: null, resource: `${SAMPLE_AUDIENCE}#x` },
    request: { audience: [], resource: [`${SAMPLE_AUDIENCE}#x`] },
    http: [400, 'invalid_target'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TARGET_MALFORMED',
    field: 'resource',
  },
  {
    name: 'a scope that means nothing',
    form: { scope: 'billing:unicorn:read' },
    request: { scope: 'billing:unicorn:read' },
    http: [400, 'invalid_scope'],
    grpc: 'INVALID_ARGUMENT',
    code: 'SCOPE_UNKNOWN',
    field: 'scope',
  },
  {
    name: 'a scope outside the registration',
    form: { scope: 'billing:report:read' },
    request: { scope: 'billing:report:read' },
    http: [400, 'invalid_scope'],
    grpc: 'PERMISSION_DENIED',
    code: 'SCOPE_NOT_ALLOWED',
    field: 'scope',
  },
  {
    name: 'a scope that is not held',
    form: { scope: 'billing:invoice:approve' },
    request: { scope: 'billing:invoice:approve' },
    http: [400, 'invalid_scope'],
    grpc: 'PERMISSION_DENIED',
    code: 'SCOPE_NOT_HELD',
    field: 'scope',
  },
  {
    name: 'another tenant',
    form: { tenant: 'globex' },
    request: { tenant: 'globex' },
    http: [400, 'invalid_request'],
    grpc: 'PERMISSION_DENIED',
    code: 'TENANT_NOT_ALLOWED',
    field: 'tenant',
  },
  {
    name: 'a subject token that is no token',
    form: { subject_token: 'hello' },
    request: { subjectToken: 'hello' },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TOKEN_MALFORMED',
    field: 'subject_token',
  },
  {
    name: 'a subject token over 16 KiB',
    form: { subject_token: 'a'.repeat(17_000) },
    request: { subjectToken: 'a'.repeat(17_000) },
    http: [400, 'invalid_request'],
    grpc: 'INVALID_ARGUMENT',
    code: 'TOKEN_TOO_LARGE',
    field: 'subject_token',
  },
];
