import { encoded, sealed, type Draft, type Making } from './draft.js';
import { validDraft } from './valid-drafts.js';

type Edit = (token: string, making: Making) => string;
interface TextEdit {
  readonly name: string;
  readonly token: Edit;
}

type Parts = readonly [string, string, string];

function partsOf(token: string): Parts {
  const [header, payload, signature] = token.split('.');
  return [header ?? '', payload ?? '', signature ?? ''];
}

function withPart(token: string, which: number, change: (part: string) => string): string {
  return token
    .split('.')
    .map((part, index) => (index === which ? change(part) : part))
    .join('.');
}

/** Bits and bytes of a part change, or the part gets shorter or longer; nothing is signed again. */
export const BIT_EDITS: readonly TextEdit[] = [
  {
    name: 'bit flipped',
    token: (token, { random }) =>
      withPart(token, random.below(3), (part) => {
        const bytes = Buffer.from(part, 'base64url');
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        return encoded(bytes);
      }),
  },
  {
    name: 'character replaced',
    token: (token, { random }) => {
      const at = random.below(token.length);
      return token.slice(0, at) + random.pick(Array.from('AZaz09-_+/=. \u00e9')) + token.slice(at + 1);
    },
  },
  {
    name: 'cut off',
    token: (token, { random }) =>
      random.pick([
        token.slice(0, random.below(token.length)),
        token.slice(random.below(token.length)),
        withPart(token, random.below(3), (part) => part.slice(0, -1 - random.below(4))),
      ]),
  },
  {
    name: 'bytes added',
    token: (token, { random }) =>
      withPart(token, random.below(3), (part) =>
        encoded(Buffer.concat([Buffer.from(part, 'base64url'), Buffer.alloc(1 + random.below(3), random.below(256))])),
      ),
  },
  {
    name: 'halves of the signature swapped',
    token: (token) =>
      withPart(token, 2, (part) => {
        const bytes = Buffer.from(part, 'base64url');
        return encoded(Buffer.concat([bytes.subarray(bytes.length / 2), bytes.subarray(0, bytes.length / 2)]));
      }),
  },
  {
    name: 'signature of zeros',
    token: (token) => withPart(token, 2, (part) => encoded(Buffer.alloc(Buffer.from(part, 'base64url').length))),
  },
];

/** Other texts that a lenient reader would take for the same token. */
export const ENCODING_EDITS: readonly TextEdit[] = [
  {
    name: 'padding',
    token: (token, { random }) => withPart(token, random.below(3), (part) => part + '='.repeat(1 + random.below(2))),
  },
  {
    name: 'other alphabet',
    token: (token, { random }) => withPart(token, random.below(3), (part) => part.replaceAll('-', '+').replaceAll('_', '/')),
  },
  {
    name: 'stray bits',
    token: (token, { random }) =>
      withPart(token, random.below(3), (part) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const last = alphabet.indexOf(part.at(-1) ?? 'A');
        return part.slice(0, -1) + (alphabet[last ^ 1] ?? 'A');
      }),
  },
  {
    name: 'white space',
    token: (token, { random }) => {
      const at = random.below(token.length + 1);
      return token.slice(0, at) + random.pick([' ', '\n', '\t', '\r\n', '\u00a0', '\u0000']) + token.slice(at);
    },
  },
  {
    name: 'more or fewer parts',
    token: (token, { random }) => {
      const [header, payload, signature] = partsOf(token);
      return random.pick([
        `${token}.`,
        `.${token}`,
        `${token}.${signature}`,
        `${header}.${payload}`,
        `${header}..${signature}`,
        `${header}.${payload}.`,
        `${header}.${payload}..${signature}`,
        header,
        '',
        '.',
        '..',
        `${token}.${payload}.${signature}`,
      ]);
    },
  },
  {
    name: 'wrapped',
    token: (token, { random }) =>
      random.pick([
        `Bearer ${token}`,
        `"${token}"`,
        `${token};`,
        encodeURIComponent(`${token} `),
        token.toUpperCase(),
        token.toLowerCase(),
      ]),
  },
  {
    name: 'too large',
    token: (token, { random }) =>
      withPart(token, random.below(3), (part) => part + 'A'.repeat(4 * (3_000 + random.below(2_000)))),
  },
];

/** Parts of two good tokens in one. */
export function spliced(first: Draft, making: Making): string {
  const { random } = making;
  const second = random.chance(0.5) ? validDraft(making) : validDraft(making, first.from);
  const a = partsOf(sealed(first));
  const b = partsOf(sealed(second));
  const [header, payload, signature] = random.pick<Parts>([
    [b[0], a[1], a[2]],
    [a[0], b[1], a[2]],
    [a[0], a[1], b[2]],
    [b[0], b[1], a[2]],
    [b[0], a[1], b[2]],
    [a[0], b[1], b[2]],
  ]);
  return `${header}.${payload}.${signature}`;
}
