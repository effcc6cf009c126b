import type { FailureSignature } from '../contract.js';

const MEASURED = 'Measured with @grpc/grpc-js 1.14.7 on Node 24.';
const UNAVAILABLE = ['UNAVAILABLE'];
const S_CLIENT = 'openssl s_client -connect HOST:PORT -servername NAME -alpn h2 </dev/null';

/** No connection came about, or it broke. */
export const CONNECTION_SIGNATURES: readonly FailureSignature[] = [
  {
    code: 'DNS',
    cause: 'The name of the target has no address.',
    saidBy: 'transport',
    when: [
      { certainty: 'certain', status: UNAVAILABLE, says: ['Name resolution failed for target'] },
      {
        certainty: 'certain',
        says: ['Could not resolve host', 'ENOTFOUND', 'EAI_AGAIN', 'host not found in upstream', 'BIO_lookup_ex'],
      },
    ],
    evidence: 'The name has no A or AAAA record where the client runs.',
    neighbours: { REFUSED: 'a refused connection names an address: the name was found' },
    remedy: [
      'Check the name in the target, and that the client asks the right DNS server (namespace, search list, private zone).',
      'In Kubernetes: name the namespace (NAME.NAMESPACE.svc), and check that the service exists; for balancing over pods it has to be headless.',
    ],
    next: 'getent ahosts NAME',
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'REFUSED',
    cause: 'Nothing listens at this address and port.',
    saidBy: 'transport',
    when: [
      { certainty: 'certain', status: UNAVAILABLE, says: ['ECONNREFUSED'] },
      {
        certainty: 'certain',
        says: ['connect:errno=111', 'BIO_connect:connect error', "Couldn't connect to server", '111: Connection refused'],
      },
      { certainty: 'likely', says: ['Connection refused'] },
    ],
    evidence: 'A plain TCP connection to the same address is refused at once.',
    neighbours: { DNS: 'without an address nothing can refuse', CONNECTION_TIMED_OUT: 'a packet filter answers nothing at all' },
    remedy: [
      'Check host and port of the target against what the server says when it starts.',
      'Check that the server listens on an address that is reached from here, not on 127.0.0.1 alone.',
    ],
    next: 'nc -vz HOST PORT',
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'CONNECTION_TIMED_OUT',
    cause: 'No packet comes back: a filter drops them, or the host is gone.',
    saidBy: 'transport',
    when: [
      {
        certainty: 'certain',
        says: [
          'ETIMEDOUT',
          'EHOSTUNREACH',
          'ENETUNREACH',
          'No route to host',
          'Network is unreachable',
          '110: Connection timed out',
          'upstream timed out',
        ],
      },
      { certainty: 'likely', says: ['Connection timed out'] },
    ],
    evidence: 'A plain TCP connection hangs, and ends without an answer.',
    neighbours: {
      REFUSED: 'that is an answer, and comes at once',
      NEVER_READY: 'there a connection comes about and then nothing follows',
    },
    remedy: ['Check routes, firewalls and security groups between the two, both ways.'],
    next: 'nc -vz -w 5 HOST PORT',
    retry: 'backoff',
    source: 'Linux errno(3); nginx error log.',
  },
  {
    code: 'PROXY_CONNECT_REFUSED',
    cause: 'The client goes by an HTTP proxy of its environment, and that does not connect it.',
    saidBy: 'intermediary',
    when: [
      { certainty: 'likely', status: UNAVAILABLE, says: ['Last error: undefined'] },
      {
        certainty: 'certain',
        says: ['through proxy', 'CONNECT tunnel failed', 'Received HTTP code 403 from proxy after CONNECT'],
      },
    ],
    evidence:
      'grpc_proxy, https_proxy or http_proxy is set where the client runs, and no_grpc_proxy and no_proxy do not name the target.',
    neighbours: { DENIED_BY_HOP: 'there an HTTP/2 connection exists and the call itself was answered' },
    remedy: ['Put the target into no_grpc_proxy (or no_proxy), or let the proxy connect to it.'],
    next: 'env | grep -i proxy',
    retry: 'never',
    source: `${MEASURED} It logs the proxy and its status, and tells the call nothing.`,
  },
  {
    code: 'NEVER_READY',
    cause: 'The connection never became usable: TCP was accepted and no HTTP/2 followed, or a token plug-in never called back.',
    saidBy: 'transport',
    when: [{ certainty: 'certain', status: ['DEADLINE_EXCEEDED'], says: ['Waiting for LB pick'] }],
    evidence: 'openssl s_client connects and then nothing comes, or the same call works without call credentials.',
    neighbours: {
      HANDLER_SLOW: 'its text has remote_addr=: a connection was there',
      CALLER_TOKEN_FETCH: 'there the plug-in answered, with an error',
    },
    remedy: [
      'Check that what accepts the connection speaks HTTP/2 and has a healthy server behind it: a load balancer without one accepts and is silent.',
      'Check that the plug-in for call credentials always calls back, and in time.',
    ],
    next: S_CLIENT,
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'HANDLER_SLOW',
    cause: 'Connected, sent, and not answered within the deadline.',
    saidBy: 'other-service',
    when: [{ certainty: 'likely', status: ['DEADLINE_EXCEEDED'], says: ['remote_addr='] }],
    evidence: 'The log of the server has the call.',
    neighbours: {
      IDLE_CONNECTION_LOST: 'the server never saw the call, and a new connection works',
      NEVER_READY: 'its text says Waiting for LB pick',
    },
    remedy: ['Look the call up in the log of the server; give it a longer deadline if it is meant to take so long.'],
    next: 'grpcurl -vv -max-time 30 HOST:PORT grpc.health.v1.Health/Check',
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'IDLE_CONNECTION_LOST',
    cause: 'A NAT or load balancer forgot a connection that was idle for some minutes, and told nobody.',
    saidBy: 'intermediary',
    when: [{ certainty: 'possible', status: ['DEADLINE_EXCEEDED'], says: ['remote_addr='] }],
    evidence: 'It is the first call after minutes without any, and the next one, on a new connection, works.',
    neighbours: { HANDLER_SLOW: 'the server has the call in its log' },
    remedy: [
      'Keepalive pings below the idle limit on the way (Azure Load Balancer: 4 minutes) and not below what the server takes: grpc.keepalive_time_ms between 60000 and 180000.',
    ],
    next: 'GRPC_VERBOSITY=DEBUG GRPC_TRACE=keepalive,subchannel node CLIENT.js',
    retry: 'backoff',
    source: 'Azure Load Balancer, TCP idle time-out.',
  },
  {
    code: 'CONNECTION_RESET',
    cause: 'The other side, or a firewall in its name, ended the connection while it was set up.',
    saidBy: 'transport',
    when: [
      {
        certainty: 'certain',
        status: UNAVAILABLE,
        says: ['ECONNRESET', 'Client network socket disconnected before secure TLS connection was established'],
      },
      {
        certainty: 'certain',
        says: ['write:errno=104', 'Recv failure: Connection reset by peer', '104: Connection reset by peer', 'socket hang up'],
      },
    ],
    evidence: 'A packet capture has a RST or FIN right after the first bytes of the client.',
    neighbours: {
      PLAINTEXT_ON_TLS:
        'a TLS server that is spoken to in plaintext may end the connection the same way: openssl s_client then works',
      TLS_SNI_UNKNOWN: 'most servers send an alert, some just close: try another -servername',
    },
    remedy: [
      'Check firewalls and middle boxes that look at the server name or the version of TLS.',
      'Check that the name in the target is the one that the server expects.',
    ],
    next: S_CLIENT,
    retry: 'backoff',
    source: MEASURED,
  },
  {
    code: 'CONNECTION_DROPPED',
    cause: 'The connection ended while the call was under way.',
    saidBy: 'transport',
    when: [{ certainty: 'certain', status: UNAVAILABLE, isText: ['Connection dropped'] }],
    evidence: 'A process or a proxy on the way was stopped or has a limit for how long a connection or a stream lives.',
    neighbours: { CONNECTION_RESET: 'there no call was under way yet' },
    remedy: [
      'Send the call again if it may be repeated.',
      'Streams: begin again from the last message; give them a maximum age below the limit on the way.',
    ],
    next: 'GRPC_VERBOSITY=DEBUG GRPC_TRACE=transport,subchannel node CLIENT.js',
    retry: 'backoff',
    source: MEASURED,
  },
];
