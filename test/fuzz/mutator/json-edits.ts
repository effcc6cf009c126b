import { sealedText, type Draft, type Json, type Making } from './draft.js';

type JsonEdit = (json: string, source: Json, making: Making) => string | Buffer;

const withMember = (json: string, member: string): string => `${json.slice(0, -1)},${member}}`;
const nested = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

/** JSON text that readers understand in different ways, or that says the same in another way. Signed by the right key. */
const EDITS: readonly { readonly name: string; readonly apply: JsonEdit }[] = [
  {
    name: 'member twice',
    apply: (json, source, { random }) => {
      const name = random.pick(Object.keys(source));
      return withMember(json, `${JSON.stringify(name)}:${JSON.stringify(random.pick([source[name], 'other', 4_000_000_000]))}`);
    },
  },
  {
    name: 'member twice, escaped',
    apply: (json, source, { random }) => {
      const name = random.pick(Object.keys(source));
      const first = `\\u00${name.charCodeAt(0).toString(16).padStart(2, '0')}`;
      return withMember(json, `"${first}${name.slice(1)}":${JSON.stringify(random.pick(['other', 4_000_000_000]))}`);
    },
  },
  { name: 'member twice, inside', apply: (json) => withMember(json, '"x":{"a":1,"a":2}') },
  { name: 'member twice, inside an array', apply: (json) => withMember(json, '"x":[{"a":1,"a":1}]') },
  {
    name: 'name escaped',
    apply: (json, source, { random }) => {
      const name = random.pick(Object.keys(source));
      const escaped = Array.from(name, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
      return json.replace(`"${name}":`, `"${escaped}":`);
    },
  },
  {
    name: 'name with a meaning',
    apply: (json, _source, { random }) =>
      withMember(
        json,
        random.pick([
          '"__proto__":{"aud":"x"}',
          '"constructor":1',
          '"x":{"prototype":1}',
          '"\\u005f_proto__":1',
          '"x":[{"__proto__":1}]',
          '"__proto":1',
        ]),
      ),
  },
  {
    name: 'numbers at the edge',
    apply: (json, _source, { random }) =>
      json.replace(
        /"exp":\d+/,
        `"exp":${random.pick(['1e400', '-1e400', '1790003600.0', '1.7900036e9', '179000360000e-2', '01790003600', '+1790003600', '0x6AB13B90', '1790003600.', '.5', '-0', '1e999', '17900036e2', 'NaN', 'Infinity', '1790003600n'])}`,
      ),
  },
  {
    name: 'number out of range elsewhere',
    apply: (json, _source, { random }) => withMember(json, `"x":${random.pick(['1e400', '[1e309]', '{"a":-1e999}', '1e308'])}`),
  },
  {
    name: 'deep',
    apply: (json, _source, { random }) =>
      withMember(
        json,
        `"x":${random.pick([nested(6), nested(7), nested(8), nested(500), '{"a":'.repeat(7) + '1' + '}'.repeat(7), '{"a":'.repeat(8) + '1' + '}'.repeat(8)])}`,
      ),
  },
  {
    name: 'wide',
    apply: (json, source, { random }) => {
      const more = random.pick([200, 201, 202, 400]) - Object.keys(source).length;
      return withMember(json, Array.from({ length: more }, (_, index) => `"m${index}":1`).join(','));
    },
  },
  {
    name: 'half of a surrogate pair',
    apply: (json, _source, { random }) =>
      withMember(
        json,
        random.pick([
          '"x":"\\ud800"',
          '"\\udc00":1',
          '"x":["\\ud83d"]',
          '"x":"\\ud83d\\ude00"',
          '"x":"\\udbff\\ud800"',
          '"x":"\\\\ud800"',
          '"x":"\\uD83D\\uDE00"',
        ]),
      ),
  },
  {
    name: 'not UTF-8',
    apply: (json, _source, { random }) => {
      const bytes = random.pick([[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80], [0xc3, 0xa9]]);
      return Buffer.concat([Buffer.from(`${json.slice(0, -1)},"x":"`), Buffer.from(bytes), Buffer.from('"}')]);
    },
  },
  {
    name: 'around the object',
    apply: (json, _source, { random }) =>
      random.pick([
        `\ufeff${json}`,
        ` ${json}\n`,
        `${json}${json}`,
        `[${json}]`,
        `${json},`,
        `${json}\u0000`,
        `\t\r\n${json}`,
        `\u00a0${json}`,
        JSON.stringify(json),
        'null',
        '1',
        '{}',
        '[]',
        '""',
        `/**/${json}`,
      ]),
  },
  { name: 'spread out', apply: (json) => JSON.stringify(JSON.parse(json), null, 2) },
  {
    name: 'lenient syntax',
    apply: (json, _source, { random }) =>
      random.pick([
        `${json.slice(0, -1)},}`,
        json.replaceAll('"', "'"),
        json.replace('{"', '{'),
        json.replace(':', ' = '),
        withMember(json, '"x":tru'),
        withMember(json, '"x":"\t"'),
        withMember(json, '"x":"\\x41"'),
        withMember(json, '"x":"\\u12g4"'),
        withMember(json, '"x":"\u007f\u2028"'),
        withMember(json, '"x":undefined'),
        withMember(json, '"x":-'),
        withMember(json, '"x":"\\/\\b"'),
      ]),
  },
];

/** The JSON of the payload, now and then of the header, written in another way. */
export function withOtherJson({ header, claims, key }: Draft, making: Making): { readonly token: string; readonly name: string } {
  const { random } = making;
  const { name, apply } = random.pick(EDITS);
  const head = JSON.stringify(header);
  const body = JSON.stringify(claims);
  if (random.chance(0.2)) return { token: sealedText(apply(head, header, making), body, key), name: `header: ${name}` };
  return { token: sealedText(head, apply(body, claims, making), key), name };
}
