// Fails where generated documentation or code is not what its sources give now, and on links that lead nowhere.
// `--root DIR`: the tree whose committed files are looked at; what they should be is always generated from this project.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { finish, options, runNode } from './gate.mjs';

const project = join(import.meta.dirname, '../..');
/** Folders that hold nothing but what is generated. */
const GENERATED_FOLDERS = ['docs/errors', 'protos/generated'];
const PROSE = ['docs', 'examples', 'deploy', 'devkit', 'bench'];
const { root } = options(['root']);

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
}

const named = (base, path) => relative(base, path).split(sep).join('/');

function drift(fresh) {
  const expected = filesIn(fresh).map((path) => named(fresh, path));
  const kept = GENERATED_FOLDERS.flatMap((folder) => filesIn(join(root, folder)).map((path) => named(root, path)));
  const differs = (path) => {
    if (!existsSync(join(root, path))) return [`${path} is missing: npm run gen`];
    return readFileSync(join(root, path), 'utf8') === readFileSync(join(fresh, path), 'utf8')
      ? []
      : [`${path} is not up to date: npm run gen`];
  };
  const extra = kept
    .filter((path) => !expected.includes(path))
    .map((path) => `${path} describes nothing that exists: npm run gen`);
  return [...expected.flatMap(differs), ...extra];
}

/** As GitHub makes them: lower case, spaces to hyphens, nothing but letters, digits, hyphens and underscores. */
function anchorsOf(markdown) {
  const headings = [...markdown.matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

function deadLinks(path) {
  const text = readFileSync(path, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^[a-z]+:/.test(target));
  return targets.flatMap((target) => {
    const [file, anchor] = target.split('#');
    const aim = file === '' ? path : join(dirname(path), decodeURIComponent(file));
    if (!existsSync(aim)) return [`${named(root, path)}: the link ${target} leads nowhere`];
    if (!anchor || !aim.endsWith('.md') || anchorsOf(readFileSync(aim, 'utf8')).includes(anchor)) return [];
    return [`${named(root, path)}: the link ${target} names no heading`];
  });
}

const fresh = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
try {
  const made = ['generate-docs.mjs', 'generate-protos.mjs'].map((script) =>
    runNode(join(project, 'scripts', script), ['--out', fresh], project),
  );
  const failed = made.filter(({ status }) => status !== 0).map(({ stderr, stdout }) => (stderr || stdout).trim());
  const pages = [
    ...readdirSync(root)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(root, name)),
    ...PROSE.flatMap((folder) => filesIn(join(root, folder)).filter((path) => path.endsWith('.md'))),
  ];
  const faults = [...failed, ...drift(fresh), ...pages.flatMap(deadLinks)];
  rmSync(fresh, { recursive: true, force: true });
  finish(faults, `${pages.length} pages`);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
