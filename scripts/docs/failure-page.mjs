// What failing gRPC calls look like, as a page, from the data of utilities/failure-signatures.

const NOTE = '<!-- Written by `npm run gen` from utilities/failure-signatures. -->';

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text) => `\`${text}\``;
const list = (items) => items.map((item, at) => `${at + 1}. ${item}`).join('\n');
const anchor = (name) => `[${code(name)}](#${name.toLowerCase()})`;

const SAID_BY = {
  'own-service': 'the service that was meant',
  'other-service': 'a gRPC server',
  intermediary: 'something between client and server',
  transport: 'nobody: no connection came about, or it broke',
  caller: "the caller's own process",
  unknown: 'cannot be told by this alone',
};
const ALONE = { certain: 'nothing else says this', likely: 'others could say it', possible: 'others are likelier' };

const LETTERS = {
  html: 'a length that is four letters of a page',
  text: 'a length that is four letters of a text',
  none: 'a number that is a length',
};
const SPEAKS = { tls: 'TLS', plaintext: 'plaintext' };
const either = (texts) => texts.map(code).join(' or ');

/** Each member of a condition in words. */
const WORDS = {
  status: either,
  isText: (texts) => `exactly ${either(texts)}`,
  says: either,
  saysNot: (texts) => `not ${either(texts)}`,
  http: (statuses) => `\`Received HTTP status code\` ${statuses.join(', ')}`,
  httpNot: (statuses) => `none of ${statuses.join(', ')}`,
  reset: (codes) => `\`Received RST_STREAM with code\` ${codes.join(', ')}`,
  lettersAsLength: (kind) => LETTERS[kind],
  channel: (kind) => `the client speaks ${SPEAKS[kind]}`,
  channelNot: (kind) => `the client is not known to speak ${SPEAKS[kind]}`,
  withoutAlpn: () => '`alpnProtocol` of the socket is `false`',
  metadataLost: () => 'names that were sent did not arrive',
  detailsOf: (whose) =>
    `\`google.rpc.ErrorInfo\` of ${whose === 'own-service' ? 'the service that was meant' : 'another domain'}`,
};

function worded({ certainty, ...condition }) {
  const parts = Object.entries(condition).map(([member, value]) => WORDS[member](value));
  return `- ${parts.join('; ')} (${ALONE[certainty]})`;
}

function section({ code: name, cause, saidBy, when, evidence, neighbours, remedy, next, retry, source }) {
  const told = Object.entries(neighbours).map(([other, how]) => `- not ${anchor(other)}: ${how}`);
  return [
    `## ${name}`,
    cause,
    `Who says no: ${SAID_BY[saidBy]}. Sending it again: ${retry === 'never' ? 'changes nothing' : 'with growing, random waits'}.`,
    `It looks like this:\n\n${when.map(worded).join('\n')}`,
    `What shows it: ${evidence}`,
    ...(told.length === 0 ? [] : [told.join('\n')]),
    `What to do:\n\n${list(remedy)}`,
    `\`\`\`sh\n${next}\n\`\`\``,
    `Source: ${source}`,
  ].join('\n\n');
}

const HEAD = `A gRPC client is told one of seventeen statuses and a line of text, and the same status comes from the service, from a proxy, from TLS
or from the client's own token fetch. This page goes from what is seen to what it is. Each code below was caused for real and is tested
(\`npm test -- test/signatures\`): Node's client against TLS and plaintext servers, HTTP/2 hops, Debian's nginx, NestJS, and OpenSSL and curl
where they are installed. The few that Node cannot cause are marked by their source.

First ask who said no:

| it has | who |
|---|---|
| \`grpc-status-details-bin\` with \`google.rpc.ErrorInfo\` of our domain, \`countersign\` | this service: look its reason up among the [errors](../errors/README.md) |
| a text that begins \`Received HTTP status code\` | a hop: the code of the service never ran |
| \`No connection established\`, \`Name resolution failed\` | the transport: TLS, DNS, the port |
| \`Waiting for LB pick\` in a deadline | never connected |
| \`remote_addr=\` in a deadline | connected; the handler was slow, or an idle connection was lost |
| \`Getting metadata from plugin failed\` | the caller could not get its own token |

Texts and trailers are not authenticated: a hop can write what it likes. Look for causes with them; decide nothing by them.
\`HOST\`, \`PORT\`, \`NAME\` (as in the certificate) and the like are to be replaced. Traces of gRPC print tokens: never with live ones.`;

/** @returns the page by its path from the project's root */
export async function failurePage(built) {
  const { SIGNATURES } = await built('utilities/failure-signatures/signatures.js');
  const rows = SIGNATURES.map(({ code: name, cause }) => `| ${anchor(name)} | ${cell(cause)} |`);
  const table = ['| code | what it is |', '|---|---|', ...rows].join('\n');
  const page = ['# When a gRPC call fails', NOTE, HEAD, table, ...SIGNATURES.map(section)].join('\n\n');
  return { 'docs/operating/grpc-failures.md': `${page}\n` };
}
