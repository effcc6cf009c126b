// The gRPC interface as a page, from the protos and their comments.
import { spawnSync } from 'node:child_process';

const NOTE = '<!-- Written by `npm run gen` from protos/. -->';
// Field numbers of google.protobuf.FileDescriptorProto, DescriptorProto and ServiceDescriptorProto: what source paths are made of.
const MESSAGE = 4;
const SERVICE = 6;
const FIELD = 2;
const METHOD = 2;

function image(root) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, shell: process.platform === 'win32' };
  const result = spawnSync('buf', ['build', 'protos', '--output', '-#format=json'], options);
  if (result.status !== 0) throw new Error(`buf build: ${result.stderr || result.error}`);
  return JSON.parse(result.stdout);
}

const typeName = ({ type, typeName: name }) => (name ? name.replace(/^\./, '') : type.replace('TYPE_', '').toLowerCase());

function fileSection(file) {
  const comments = new Map(
    (file.sourceCodeInfo?.location ?? []).map(({ path = [], leadingComments = '' }) => [
      path.join('.'),
      leadingComments.trim().replace(/\s*\n\s*/g, ' '),
    ]),
  );
  const said = (...path) => (comments.get(path.join('.')) ?? '').replaceAll('|', '\\|');

  const method = (at) => (one, index) => {
    const streams = (streaming, name) =>
      `${streaming ? 'stream ' : ''}${name.replace(/^\./, '').replace(`${file.package}.`, '')}`;
    const shape = `${streams(one.clientStreaming, one.inputType)} → ${streams(one.serverStreaming, one.outputType)}`;
    return `| \`${one.name}\` | \`${shape}\` | ${said(SERVICE, at, METHOD, index)} |`;
  };
  const services = (file.service ?? []).map((service, at) =>
    [
      `## ${file.package}.${service.name}`,
      said(SERVICE, at),
      ['| method | messages | what it does |', '|---|---|---|', ...service.method.map(method(at))].join('\n'),
    ].join('\n\n'),
  );
  const field = (at) => (one, index) => {
    const repeated = one.label === 'LABEL_REPEATED' ? 'repeated ' : '';
    return `| \`${one.name}\` | ${one.number} | ${repeated}${typeName(one)} | ${said(MESSAGE, at, FIELD, index)} |`;
  };
  const messages = (file.messageType ?? []).map((message, at) =>
    [
      `### ${message.name}`,
      said(MESSAGE, at),
      ['| field | number | type | meaning |', '|---|---|---|---|', ...(message.field ?? []).map(field(at))].join('\n'),
    ].join('\n\n'),
  );
  return [...services, ...messages].join('\n\n');
}

export function grpcPage(root) {
  const files = image(root).file.filter(({ package: name }) => name.startsWith('countersign.'));
  const page = [
    '# The gRPC interface',
    NOTE,
    'Errors are `google.rpc.Status` with `ErrorInfo` (domain `countersign`, its `reason` a code of [the catalogue](errors/README.md)), and ' +
      '`BadRequest`, `RetryInfo` and `Help` where they apply. The standard health service is always there; reflection by setting.',
    ...files.map(fileSection),
  ].join('\n\n');
  return { 'docs/grpc.md': `${page}\n` };
}
