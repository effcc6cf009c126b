import type { FailureSignature } from '../contract.js';

const MEASURED = 'Measured with @grpc/grpc-js 1.14.7.';

/** The caller itself, before anything was sent; and the service itself. */
export const CALLER_SIGNATURES: readonly FailureSignature[] = [
  {
    code: 'SERVICE_SAID_NO',
    cause: 'The service itself refused, and says why: the reason of its google.rpc.ErrorInfo is the code to look up.',
    saidBy: 'own-service',
    when: [{ certainty: 'certain', detailsOf: 'own-service' }],
    evidence: 'grpc-status-details-bin holds google.rpc.ErrorInfo with the domain of the service.',
    neighbours: { DENIED_BY_HOP: 'a hop has no details' },
    remedy: ['Look the reason up; the diagnostic id in its metadata finds the line in the log of the service.'],
    next: 'grpcurl -format-error HOST:PORT PACKAGE.SERVICE/METHOD',
    retry: 'never',
    source: 'https://google.aip.dev/193',
  },
  {
    code: 'OTHER_SERVICE_SAID_NO',
    cause: 'Another service than the one that was meant refused, with details of its own.',
    saidBy: 'other-service',
    when: [{ certainty: 'certain', detailsOf: 'other-service' }],
    evidence: 'The domain of its google.rpc.ErrorInfo.',
    neighbours: { SERVICE_SAID_NO: 'the domain tells' },
    remedy: ['Ask those who run the service that the domain names, with the reason.'],
    next: 'grpcurl -format-error HOST:PORT PACKAGE.SERVICE/METHOD',
    retry: 'never',
    source: 'https://google.aip.dev/193',
  },
  {
    code: 'CALLER_TOKEN_FETCH',
    cause: 'The caller could not get its own token: its call credentials failed, and nothing was sent.',
    saidBy: 'caller',
    when: [{ certainty: 'certain', says: ['Getting metadata from plugin failed with error'] }],
    evidence:
      'The text after it is that of the plug-in. "Invalid status from control plane" before it: the plug-in used a code that it may not.',
    neighbours: { NEVER_READY: 'a plug-in that never calls back looks like a connection that never comes about' },
    remedy: [
      'Mend what the rest of the text says: the endpoint of tokens, its credentials, DNS.',
      'Let the plug-in fail with UNAVAILABLE, UNAUTHENTICATED or PERMISSION_DENIED: without a code it becomes UNKNOWN, with others INTERNAL.',
    ],
    next: 'GRPC_VERBOSITY=DEBUG GRPC_TRACE=load_balancing_call node CLIENT.js',
    retry: 'never',
    source: `${MEASURED} https://github.com/grpc/proposal/blob/master/A54-restrict-control-plane-status-codes.md`,
  },
  {
    code: 'CALLER_AUTHORIZATION_TWICE',
    cause: 'The call has two values of authorization: in its metadata and by call credentials.',
    saidBy: 'caller',
    when: [{ certainty: 'certain', says: ['"authorization" metadata cannot have multiple values'] }],
    evidence: 'An interceptor and credentials both set it.',
    neighbours: { CALLER_TOKEN_FETCH: 'there no value came about' },
    remedy: ['Set authorization in one place; metadata.set, not add.'],
    next: 'grep -rn "authorization" src',
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'CALLER_TOKEN_CHARACTERS',
    cause: 'The token has a character that metadata may not hold, usually a line end from a file.',
    saidBy: 'caller',
    when: [{ certainty: 'certain', says: ['contains illegal characters', 'ERR_INVALID_CHAR'] }],
    evidence: 'The file ends with a line end: tail -c 1 FILE | xxd.',
    neighbours: { CALLER_TOKEN_FETCH: 'thrown inside a plug-in it looks like that one, with this text in it' },
    remedy: ['trim() what is read from a file.', 'Binary values: a name that ends with -bin.'],
    next: 'tail -c 1 TOKEN_FILE | xxd',
    retry: 'never',
    source: MEASURED,
  },
];
