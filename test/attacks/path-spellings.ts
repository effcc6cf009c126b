/** One path as others write it. Most are no spelling of it at all, and none may lead past the question for credentials. */
export interface Spelling {
  readonly name: string;
  readonly of: (path: string) => string;
  /** Lines that tell a proxy, or a framework, of another path. */
  readonly lines?: readonly string[];
}

const spelled = (name: string, of: (path: string) => string): Spelling => ({ name, of });
const told = (name: string): Spelling => ({
  name: `as it is, and ${name}: /healthz`,
  of: (path) => path,
  lines: [`${name}: /healthz`],
});
const code = (letter: string): string => letter.charCodeAt(0).toString(16);
const escaped = (path: string): string => path.replaceAll(/[a-z]/gi, (letter) => `%${code(letter)}`);
const fullWidth = (path: string): string =>
  path.replaceAll(/[a-z]/g, (letter) => Buffer.from(String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)).toString('latin1'));

/** Of a path over HTTP. */
export const REST_SPELLINGS: readonly Spelling[] = [
  spelled('as it is', (path) => path),
  spelled('a slash behind', (path) => `${path}/`),
  spelled('two slashes before', (path) => `/${path}`),
  spelled('two slashes within', (path) => path.replaceAll('/', '//')),
  spelled('capital letters', (path) => path.toUpperCase()),
  spelled('CVE-2026-22031: an escaped letter', (path) => path.replace(/[a-z]/, (letter) => `%${code(letter)}`)),
  spelled('all letters escaped', escaped),
  spelled('letters escaped twice', (path) => escaped(path).replaceAll('%', '%25')),
  spelled('escaped slashes', (path) => `/${path.slice(1).replaceAll('/', '%2f')}`),
  spelled('slashes escaped twice', (path) => `/${path.slice(1).replaceAll('/', '%252F')}`),
  spelled('overlong slashes', (path) => `/${path.slice(1).replaceAll('/', '%c0%af')}`),
  spelled('backslashes', (path) => path.replaceAll('/', '\\')),
  spelled('escaped backslashes', (path) => `/${path.slice(1).replaceAll('/', '%5c')}`),
  spelled('a dot before', (path) => `/.${path}`),
  spelled('an escaped dot before', (path) => `/%2e${path}`),
  spelled('dots within', (path) => path.replaceAll('/', '/./')),
  spelled('up from nowhere', (path) => `/..${path}`),
  spelled('up from a path that is open', (path) => `/healthz/..${path}`),
  spelled('up from there, escaped', (path) => `/healthz/%2e%2e${path}`),
  spelled('up from there, with a semicolon', (path) => `/healthz/..;${path}`),
  spelled('up from a document', (path) => `/.well-known/jwks.json/../..${path}`),
  spelled('on to a path that is open', (path) => `${path}/../healthz/..${path}`),
  spelled('parameters of the path', (path) => `${path};a=b`),
  spelled('parameters before', (path) => `/healthz;${path}`),
  spelled('a NUL behind', (path) => `${path}%00`),
  spelled('a space behind', (path) => `${path}%20`),
  spelled('a tabulator within', (path) => path.replaceAll('/', '/%09')),
  spelled('a dot behind', (path) => `${path}.`),
  spelled('an ending', (path) => `${path}.json`),
  spelled('a query that is open', (path) => `${path}?/healthz`),
  spelled('an escaped question mark', (path) => `${path}%3f/healthz`),
  spelled('a fragment that is open', (path) => `${path}#/healthz`),
  spelled('an open path, and this one as its query', (path) => `/errors/..?${path}`),
  spelled('letters of full width', fullWidth),
  spelled('a whole URL', (path) => `http://127.0.0.1${path}`),
  spelled('a whole URL with somebody in it', (path) => `http://operator:x@127.0.0.1${path}`),
  spelled('a whole URL, up from a path that is open', (path) => `http://127.0.0.1/healthz/..${path}`),
  told('x-original-url'),
  told('x-rewrite-url'),
  told('x-forwarded-uri'),
  told('x-forwarded-prefix'),
  { name: 'as it is, and another method told', of: (path) => path, lines: ['x-http-method-override: OPTIONS'] },
];

/** CVE-2026-33186, and others: of a path over gRPC. */
export const GRPC_SPELLINGS: readonly Spelling[] = [
  spelled('as it is', (path) => path),
  spelled('no slash', (path) => path.slice(1)),
  spelled('nothing', () => ''),
  spelled('a slash alone', () => '/'),
  spelled('an asterisk', () => '*'),
  spelled('two slashes before', (path) => `/${path}`),
  spelled('two slashes within', (path) => path.replaceAll('/', '//')),
  spelled('a slash behind', (path) => `${path}/`),
  spelled('a dot before', (path) => `/.${path}`),
  spelled('an escaped dot before', (path) => `/%2e${path}`),
  spelled('capital letters', (path) => path.toUpperCase()),
  spelled('small letters', (path) => path.toLowerCase()),
  spelled('an escaped letter', (path) => path.replace('c', '%63')),
  spelled('all letters escaped', escaped),
  spelled('escaped slashes', (path) => `/${path.slice(1).replaceAll('/', '%2F')}`),
  spelled('backslashes', (path) => path.replaceAll('/', '\\')),
  spelled('a dot for the slash', (path) => `/${path.slice(1).replaceAll('/', '.')}`),
  spelled('up from nowhere', (path) => `/..${path}`),
  spelled('up from health', (path) => `/grpc.health.v1.Health/Check/../..${path}`),
  spelled('beside health', (path) => `/grpc.health.v1.Health/..${path}`),
  spelled('below health', (path) => `/grpc.health.v1.Health${path}`),
  spelled('below reflection', (path) => `/grpc.reflection.v1.ServerReflection${path}`),
  spelled('within reflection', (path) => `/grpc.reflection.v1.${path.slice(1)}`),
  spelled('below a method that is open', (path) => `/countersign.keys.v1.KeyService/GetJwks${path}`),
  spelled('parameters of the path', (path) => `${path};a=b`),
  spelled('a query', (path) => `${path}?a=b`),
  spelled('a fragment', (path) => `${path}#/grpc.health.v1.Health/Check`),
  spelled('a space behind', (path) => `${path}%20`),
  spelled('a NUL behind', (path) => `${path}%00`),
  spelled('a whole URL', (path) => `http://localhost${path}`),
  spelled('another package before', (path) => `/google.${path.slice(1)}`),
  spelled('letters of full width', (path) => encodeURI(fullWidth(path))),
];
