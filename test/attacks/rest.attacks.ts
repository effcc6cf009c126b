export interface RawRequest {
  readonly name: string;
  /** What is sent, as it is. A second request hides in some of it: `HIDDEN`. */
  readonly bytes: string;
  /** First digits of the statuses that may be answered; empty: the connection is ended without an answer. */
  readonly answers: readonly string[];
}

/** Would be answered with 200, if it were read as a request. */
const HIDDEN = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
const FORM = 'grant_type=x';
const REFUSED = ['4', '5'];

/** A request for a token, with these lines in its head. The connection stays open, so that what hides would be answered, too. */
const post = (lines: readonly string[], body = '', path = '/oauth2/token'): string =>
  [`POST ${path} HTTP/1.1`, 'host: x', 'content-type: application/x-www-form-urlencoded', ...lines, '', body].join('\r\n');
const get = (line: string, ...lines: readonly string[]): string =>
  [line, 'host: x', 'connection: close', ...lines, '', ''].join('\r\n');
const bad = (name: string, bytes: string, answers = REFUSED): RawRequest => ({ name, bytes, answers });
const sized = (lines: readonly string[], body: string): string => post([...lines, `content-length: ${body.length}`], body);

/** Two readings of where a request ends (RFC 9112 §6.3, §11.2). */
export const SMUGGLED: readonly RawRequest[] = [
  bad(
    'both lengths, the body by chunks',
    post([`content-length: ${5 + HIDDEN.length}`, 'transfer-encoding: chunked'], `0\r\n\r\n${HIDDEN}`),
  ),
  bad(
    'both lengths, the body by length',
    post(['content-length: 4', 'transfer-encoding: chunked'], `1c\r\n${HIDDEN}\r\n0\r\n\r\n`),
  ),
  ...[
    'xchunked',
    'chunked, identity',
    'identity',
    'identity, chunked, x',
    '\u000bchunked',
    '"chunked"',
    'chunked\r\ntransfer-encoding: x',
    'x\r\ntransfer-encoding: chunked',
  ].map((coding) =>
    bad(`transfer-encoding: ${JSON.stringify(coding)}`, post([`transfer-encoding: ${coding}`], `0\r\n\r\n${HIDDEN}`)),
  ),
  bad('a space before the colon', post(['transfer-encoding : chunked', 'content-length: 0'], `0\r\n\r\n${HIDDEN}`)),
  bad('two lengths that differ', post(['content-length: 0', `content-length: ${HIDDEN.length}`], HIDDEN)),
  bad('two lengths that are the same', post(['content-length: 12', 'content-length: 12'], FORM + HIDDEN)),
  ...['+12', '-1', '0xc', '12,12', '12 12', '1e1', '', '99999999999999999999', ' \u000b12'].map((length) =>
    bad(`content-length: ${JSON.stringify(length)}`, post([`content-length: ${length}`], FORM + HIDDEN)),
  ),
  bad('a folded line', sized(['x-a: b', ' c: d'], FORM) + HIDDEN),
  bad('a folded length', post(['content-length:', ' 12'], FORM + HIDDEN)),
  bad('lines that end with LF alone', `POST /oauth2/token HTTP/1.1\nhost: x\ncontent-length: 0\n\n${HIDDEN}`),
  bad('a CR alone in a value', sized(['x-a: b\rtransfer-encoding: chunked'], FORM) + HIDDEN),
  bad('a NUL in a value', sized(['x-a: b\0c'], FORM) + HIDDEN),
  bad('a space in a name', sized(['x a: b'], FORM) + HIDDEN),
  bad('no name', sized([': b'], FORM) + HIDDEN),
  bad('a space before the first name', `POST /oauth2/token HTTP/1.1\r\n host: x\r\n\r\n${HIDDEN}`),
  ...['zz', '-1', '0x5', 'FFFFFFFFFFFFFFFFF', ' 5', '5 ', '5;\n', '+5'].map((size) =>
    bad(
      `a chunk of the size ${JSON.stringify(size)}`,
      post(['transfer-encoding: chunked'], `${size}\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
    ),
  ),
  bad('a chunk that does not end', post(['transfer-encoding: chunked'], `5\r\nhelloXX0\r\n\r\n${HIDDEN}`)),
  bad('no host', 'GET /admin/v1/keys HTTP/1.1\r\nconnection: close\r\n\r\n'),
  bad('two hosts', get('GET /admin/v1/keys HTTP/1.1', 'host: y')),
];

/** What no client of ours would send. */
export const ODD: readonly RawRequest[] = [
  bad('no version', 'GET /oauth2/token\r\n\r\n', ['4', '']),
  ...['HTTP/2.0', 'HTTP/1.2', 'HTTP/3', 'http/1.1', 'HTTPS/1.1', 'HTTP/1.10'].map((version) =>
    bad(version, get(`POST /oauth2/token ${version}`)),
  ),
  bad('the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ...['get', 'Get', 'post', 'TRACE', 'CONNECT', 'DEBUG', 'PROPFIND', 'PURGE', 'GET\t', 'QUERY', '__proto__'].map((method) =>
    bad(`the method ${JSON.stringify(method)}`, get(`${method} /oauth2/token HTTP/1.1`), [...REFUSED, '']),
  ),
  bad('CONNECT to elsewhere', get('CONNECT 127.0.0.1:1 HTTP/1.1'), ['4', '5', '']),
  bad('a whole URL', get('POST http://elsewhere.example/oauth2/token HTTP/1.1')),
  bad('a whole URL of administration', get('GET http://127.0.0.1/admin/v1/keys HTTP/1.1')),
  bad('a fragment', get('GET /admin/v1/keys#/healthz HTTP/1.1')),
  bad('an asterisk', get('OPTIONS * HTTP/1.1')),
  bad(
    'an upgrade to HTTP/2',
    get('POST /oauth2/token HTTP/1.1', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA').replace(
      'close',
      'Upgrade, HTTP2-Settings',
    ),
  ),
  bad('an upgrade to WebSocket', get('GET /admin/v1/keys HTTP/1.1', 'upgrade: websocket').replace('close', 'upgrade')),
  bad('a head of 40 KiB', get('GET /oauth2/token HTTP/1.1', `x-a: ${'a'.repeat(40 * 1024)}`)),
  bad('ten thousand lines', get('GET /oauth2/token HTTP/1.1', ...Array.from({ length: 10_000 }, (_none, at) => `x-${at}: a`))),
  bad('a path of 100 KiB', get(`GET /${'a'.repeat(100 * 1024)} HTTP/1.1`), ['4', '']),
  bad('a body of 70 KiB', sized([], 'a'.repeat(70 * 1024))),
  bad('70 KiB in chunks', post(['transfer-encoding: chunked'], `11800\r\n${'a'.repeat(0x11800)}\r\n0\r\n\r\n`)),
  bad('chunks of a byte', post(['transfer-encoding: chunked'], `${'1\r\na\r\n'.repeat(70 * 1024)}0\r\n\r\n`)),
  bad('an expectation that is none', sized(['expect: the unexpected'], FORM)),
  bad('CVE-2026-21710: a header of the name __proto__', sized(['__proto__: x', '__proto__: y', 'constructor: x'], FORM)),
  bad('headers with _ for -', sized(['content_length: 0', 'transfer_encoding: chunked', 'client_cert: :AA==:'], FORM)),
  bad('a body that is compressed', sized(['content-encoding: gzip'], '\u001f\u008b\u0008')),
  ...[
    'application/x-www-form-urlencoded\t',
    'APPLICATION/JSON',
    'application/json ;',
    'text/plain',
    'multipart/form-data; boundary=a',
    ';',
    'a'.repeat(5_000),
  ].map((type) =>
    bad(`CVE-2025-32442: a body of the type ${JSON.stringify(type.slice(0, 40))}`, sized([`content-type: ${type}`], FORM)),
  ),
];

const json = (body: string): string =>
  [
    'POST /v1/check HTTP/1.1',
    'host: x',
    'content-type: application/json',
    'connection: close',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');

/** Bodies whose reading costs more than they do. */
export const BODIES: readonly RawRequest[] = [
  bad(
    'CVE-2026-21717: names that look like numbers',
    json(`{${Array.from({ length: 5_000 }, (_none, at) => `"${at * 65_537}":0`).join(',')}}`),
  ),
  bad('names that pollute', json('{"__proto__":{"items":[]},"constructor":{"prototype":{"items":[]}}}')),
  bad('deeper than anybody needs', json('['.repeat(30_000) + ']'.repeat(30_000))),
  bad('open and never closed', json('['.repeat(60_000))),
  bad('a number without end', json(`{"items":${'9'.repeat(60_000)}}`)),
  bad('a form of sixty thousand fields', sized([], '&'.repeat(60_000))),
  bad('a form of dots', sized([], `subject_token=${'.'.repeat(60_000)}`)),
];
