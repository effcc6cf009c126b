import type { FailureSignature } from '../contract.js';

const MEASURED = 'Measured with @grpc/grpc-js 1.14.7 behind nginx 1.22.';
const HEADERS =
  'curl -sv --http2-prior-knowledge -X POST -H "content-type: application/grpc" http://HOST:PORT/PACKAGE.SERVICE/METHOD';

/** Statuses of 4xx that have a meaning of their own below. */
const USUAL = ['400', '401', '403', '404', '405', '407', '410', '411', '413', '414', '415', '421', '426', '429', '431'];

/** Something between client and server answered in its place, by HTTP. */
export const HOP_SIGNATURES: readonly FailureSignature[] = [
  {
    code: 'DENIED_BY_HOP',
    cause: 'A proxy, a gateway or its authorization refused the call (401 or 403). The code of the server never ran.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', http: ['401', '403', '407'] }],
    evidence: 'The server has no line for the call; the answer has no grpc-status.',
    neighbours: { SERVICE_SAID_NO: 'that comes with google.rpc.ErrorInfo in grpc-status-details-bin' },
    remedy: [
      'Look into the log of the hop: nginx auth_request, Envoy ext_authz or jwt_authn, API Management, a firewall for applications.',
      'Compare the audience and issuer that the hop wants with those of the token.',
    ],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'HOP_404',
    cause: 'The hop has no route for this path, or it is no route for gRPC.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', http: ['404', '405', '410'] }],
    evidence: 'The same call straight to the server works.',
    neighbours: { METHOD_UNKNOWN: 'there a gRPC server answered, and names the method' },
    remedy: [
      'Route /PACKAGE.SERVICE/ as it is, POST, without taking a prefix off.',
      'Check package and service against the server: grpcurl list.',
    ],
    next: 'grpcurl -v HOST:PORT list',
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'LOGIN_REDIRECT',
    cause: 'The hop sends the caller to a page, usually to log in.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', http: ['3xx'] }],
    evidence: 'The location header of the answer.',
    neighbours: { HTML_INSTEAD_OF_GRPC: 'there the page itself came, with 200' },
    remedy: [
      'Exempt the paths of gRPC from interactive login (Easy Auth, an access proxy, oauth2-proxy), and let them have a bearer token.',
      'Redirects from http to https: connect to the TLS port.',
    ],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'HOP_LIMIT',
    cause: 'A limit of the hop for headers, bodies or paths (413, 414, 431).',
    saidBy: 'intermediary',
    when: [
      { certainty: 'certain', http: ['413', '414', '431'] },
      { certainty: 'certain', says: ['client intended to send too large', 'client sent too large header field'] },
    ],
    evidence: 'A smaller message, or a shorter token, goes through.',
    neighbours: {
      TOKEN_TOO_BIG_FOR_HOP: 'nginx says that of header blocks by a reset and not by a status',
      MESSAGE_TOO_LARGE: 'there client or server has the limit',
    },
    remedy: [
      '413: client_max_body_size (nginx), max_request_bytes (Envoy). 431: large_client_header_buffers (nginx), max_request_headers_kb (Envoy).',
      'Shrink the token: fewer claims, groups by reference.',
    ],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'HOP_RATE_LIMITED',
    cause: 'The hop lets no more calls through for now (429).',
    saidBy: 'intermediary',
    when: [
      { certainty: 'certain', http: ['429'] },
      { certainty: 'certain', says: ['limiting requests, excess'] },
    ],
    evidence: 'retry-after of the answer; the log of the hop.',
    neighbours: { HOP_5XX: 'both are UNAVAILABLE: the number tells' },
    remedy: [
      'Wait for what Retry-After says, with growing and random times between attempts.',
      'Have the limit raised, or spread the calls.',
    ],
    next: HEADERS,
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'HOP_5XX',
    cause: 'The hop did not reach its upstream, or it failed there (500, 502, 503, 504).',
    saidBy: 'intermediary',
    when: [
      { certainty: 'certain', http: ['5xx'] },
      {
        certainty: 'likely',
        says: [
          'no live upstreams',
          'while connecting to upstream',
          'upstream prematurely closed connection',
          'while SSL handshaking to upstream',
        ],
      },
    ],
    evidence: 'The error log of the hop: refused, timed out, wrong protocol or wrong TLS towards the upstream.',
    neighbours: { SERVICE_SAID_NO: 'a server that is there answers with grpc-status' },
    remedy: [
      '502: is the upstream up, and does the hop speak its protocol to it (grpc:// or grpcs:// as the server has it)?',
      '503: are there healthy upstreams? 504: is the time-out of the hop shorter than the call?',
    ],
    next: 'grpcurl UPSTREAM_HOST:PORT grpc.health.v1.Health/Check',
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'HOP_BAD_REQUEST',
    cause: 'The hop does not understand the call, or demands a certificate of the client (400).',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', http: ['400', '411', '415', '421', '426'] }],
    evidence: 'The error log of the hop says why.',
    neighbours: {
      TLS_CLIENT_CERTIFICATE_MISSING: 'nginx answers 400 where ssl_verify_client wants a certificate and none came',
      TLS_CLIENT_CERTIFICATE_REFUSED: 'nginx answers 400 to a certificate that it cannot verify',
    },
    remedy: [
      'Read the error log of the hop for this call.',
      '400 from nginx with mTLS: show a certificate that it knows. 415, 426: it takes no gRPC here. 421: another name on the same connection.',
    ],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'HOP_OTHER_STATUS',
    cause: 'Something that is no gRPC server answered, with a status of HTTP that has no usual meaning here.',
    saidBy: 'intermediary',
    when: [{ certainty: 'likely', http: ['1xx', '2xx', '4xx'], httpNot: USUAL }],
    evidence: 'The headers of the answer: server, via, x-cache.',
    neighbours: { HOP_404: 'the number tells' },
    remedy: ['Find out who answers, by the headers of the answer.'],
    next: HEADERS,
    retry: 'never',
    source: 'https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md',
  },
  {
    code: 'HTML_INSTEAD_OF_GRPC',
    cause: 'A page came with status 200, and its first letters were read as the length of a message.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', status: ['RESOURCE_EXHAUSTED', 'UNKNOWN'], lettersAsLength: 'html' }],
    evidence: 'The number is letters: 1752460652 is html, 558124867 is !DOC.',
    neighbours: { MESSAGE_TOO_LARGE: 'there the number is a length', TEXT_INSTEAD_OF_GRPC: 'other letters' },
    remedy: ['Look at the page: a login portal, a WAF, a default page of the proxy.', 'Route the paths of gRPC to the server.'],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'TEXT_INSTEAD_OF_GRPC',
    cause:
      'A text that is no gRPC (JSON, XML, plain) came with status 200, and its letters were read as the length of a message.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', status: ['RESOURCE_EXHAUSTED', 'UNKNOWN'], lettersAsLength: 'text' }],
    evidence: 'The number is four letters.',
    neighbours: {
      HTML_INSTEAD_OF_GRPC: 'there the letters are those of a page',
      MESSAGE_TOO_LARGE: 'there the number is a length',
    },
    remedy: ['Check that the port and path are those of gRPC, not of REST.', 'Look at the text: it is the answer of the hop.'],
    next: HEADERS,
    retry: 'never',
    source: MEASURED,
  },
  {
    code: 'HOP_DROPS_METADATA',
    cause: 'The hop does not hand on all metadata.',
    saidBy: 'intermediary',
    when: [{ certainty: 'certain', metadataLost: true }],
    evidence: 'What the client sent beside what the server saw.',
    neighbours: { SERVICE_SAID_NO: 'a server without the token refuses the call as unauthenticated: compare what it saw' },
    remedy: [
      'nginx drops names with _ in silence: use - in names (or underscores_in_headers on).',
      'authorization lost behind Envoy jwt_authn or Istio RequestAuthentication: forward: true, forwardOriginalToken: true.',
      'Others: look for rules that take headers off (request_headers_to_remove, set-header).',
    ],
    next: 'grpcurl -v -H "x-canary: 1" -H "x_canary: 1" HOST:PORT PACKAGE.SERVICE/ECHO',
    retry: 'never',
    source: `${MEASURED} https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers`,
  },
];
