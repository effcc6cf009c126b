import { commentsOf, isCode, isTest, linesOf, type SourceFile } from './source-tree.js';

/** Each check looks at one file and answers what is wrong with it; no answer, nothing wrong. */
export type FileCheck = (file: SourceFile) => readonly string[];

const FOLDERS = [
  '.ci',
  '.changelog',
  'accessors',
  'bench',
  'clients',
  'deploy',
  'devkit',
  'docs',
  'engines',
  'examples',
  'managers',
  'protos',
  'scripts',
  'test',
  'utilities',
];

export const unknownFolders = (folders: readonly string[]): readonly string[] =>
  folders.filter((name) => !FOLDERS.includes(name));

export const tooLong: FileCheck = (file) =>
  isCode(file) && linesOf(file) > 400 ? [`${linesOf(file)} lines; split it by idea, at most 400`] : [];

const VAGUE = /(^|\/)(utils?|helpers?|types|common|misc|constants|index)(\.[a-z-]+)?\.(ts|mjs)$/;
export const vagueName: FileCheck = (file) =>
  isCode(file) && VAGUE.test(file.path) ? ['the name does not say what is in it'] : [];

const SERVICE = /^(managers|engines|accessors|utilities)\/([^/]+)\//;
/** `utilities/errors` is data and one class; there is no service behind it. */
const WITHOUT_SERVICE = ['utilities/errors'];

export function foldersWithoutContract(files: readonly SourceFile[]): readonly string[] {
  const paths = files.map(({ path }) => path);
  const folders = new Set(paths.flatMap((path) => SERVICE.exec(path)?.slice(1, 3).join('/') ?? []));
  return [...folders].filter((folder) => !WITHOUT_SERVICE.includes(folder) && !paths.includes(`${folder}/contract.ts`));
}

const HISTORY =
  /\b(formerly|now uses?|used to be|has been (renamed|moved|removed|replaced)|was renamed|renamed (from|to)|refactor(ed|ing)?|as discussed|TODO|FIXME|HACK|XXX)\b/i;
const TICKET = /\b(issue|ticket|bug|PR) #?\d+\b|(^|\s)#\d+\b/i;
const CODE = /^\s*\/\/\s*(const|let|return|if \(|for \(|import|export|await|this\.)[^.]*[;{]\s*$/;

export const talkativeComment: FileCheck = (file) =>
  isCode(file)
    ? commentsOf(file.text).flatMap(({ line, text }) => [
        ...(HISTORY.test(text) ? [`line ${line} tells history or leaves something open: ${text.trim()}`] : []),
        ...(TICKET.test(text) ? [`line ${line} names a ticket: ${text.trim()}`] : []),
        ...(CODE.test(text) ? [`line ${line} is code that was commented out`] : []),
      ])
    : [];

export const unexplainedSuppression: FileCheck = (file) =>
  isCode(file)
    ? commentsOf(file.text)
        .filter(({ text }) =>
          /eslint-disable(?!.* -- \S)|@ts-(ignore|nocheck|expect-error)|prettier-ignore(?!.* -- \S)/.test(text),
        )
        .map(({ line }) => `line ${line} switches a check off without saying why (\`-- reason\`)`)
    : [];

const left = (...parts: readonly string[]): string => parts.join('');
/** Names of places that exist only where the project is built; spelt in parts, so that this file does not hold them. */
const WORKPLACE = new RegExp(
  [
    left('/wo', 'rk/'),
    left('sha', 'red/(design|reference|vectors|hooks)'),
    left('\\.lib', 'rary\\b'),
    left('registry\\.', 'npmjs'),
    left('arti', 'factory'),
    '/home/[a-z]+/',
    left('/ro', 'ot/'),
  ].join('|'),
);

/** The one file that may look for test vectors beside a checkout. */
const MAY_NAME_NEIGHBOUR = '.ci/run';

export const workplaceName: FileCheck = ({ path, text }) =>
  path === MAY_NAME_NEIGHBOUR
    ? []
    : WORKPLACE.exec(text)
      ? [`names a place outside the project: ${WORKPLACE.exec(text)?.[0] ?? ''}`]
      : [];

export const privateKey: FileCheck = ({ text }) =>
  /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/.test(text) ||
  /"kty"\s*:\s*"(EC|RSA|OKP)"[^}]*"d"\s*:\s*"[A-Za-z0-9_-]{16}/.test(text)
    ? ['holds a private key; make test keys at run time']
    : [];

export const idleTest: FileCheck = (file) =>
  isTest(file.path) && /\b(it|test|describe)\.(only|skip|todo)(\.each)?\s*[(`]|\bx(it|describe)\(|expect\(true\)/.test(file.text)
    ? ['has a test that is skipped, focused or asserts nothing']
    : [];

const ENGINE_EDGES: Readonly<Record<string, string>> = { 'token-validation': 'issuer', signing: 'key' };

/** An Engine may know the data of any Accessor's contract, and the Accessor itself only along the two edges. */
export const accessorKnownToEngine: FileCheck = ({ path, text }) => {
  const engine = /^engines\/([^/]+)\//.exec(path)?.[1];
  if (engine === undefined || isTest(path)) return [];
  const imports = text.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'#accessors\/([^/]+)\/contract\.js'/g);
  return [...imports].flatMap(([, names = '', accessor = '']) =>
    /\w(Access|_ACCESS)\b/.test(names) && ENGINE_EDGES[engine] !== accessor ? [`knows the accessor ${accessor}`] : [],
  );
};

/** A Manager opens a unit of work; it never runs a statement. */
export const databaseKnownToManager: FileCheck = ({ path, text }) => {
  if (!/^(managers|engines|clients\/.*\/)/.test(path) || isTest(path)) return [];
  const names = /import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'#utilities\/database\/contract\.js'/.exec(text)?.[1] ?? '';
  return /\b(Database|DATABASE)\b/.test(names) ? ['reaches the database past its accessor'] : [];
};

/** A transport enters one use case at one door. */
export const manyManagers: FileCheck = ({ path, text }) => {
  if (!/^clients\/.+\.controller\.ts$/.test(path)) return [];
  const managers = new Set([...text.matchAll(/'#managers\/([^/]+)\/contract\.js'/g)].map(([, name]) => name));
  return managers.size > 1 ? [`a controller asks one Manager, not ${managers.size}`] : [];
};
