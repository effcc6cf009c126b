import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** From the root of the tree, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Made by tools, or of no interest. */
const SKIPPED = /^(node_modules|dist|coverage|\.git|\.countersign)$/;
const BINARY = /\.(binpb|png|ico|gz|tgz)$/;

/** Every text file of the project as it lies on disk. */
export function projectFiles(root: string): readonly SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (SKIPPED.test(entry.name)) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && !BINARY.test(path)) files.push({ path, text: readFileSync(join(root, path), 'utf8') });
    }
  };
  walk('');
  return files;
}

export function topLevelFolders(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
    .map(({ name }) => name);
}

/** The text of the comments of a TypeScript or JavaScript file, each with its line. */
export function commentsOf(text: string): readonly { readonly line: number; readonly text: string }[] {
  const found: { line: number; text: string }[] = [];
  const comment = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/gm;
  for (const match of text.matchAll(comment)) {
    const first = text.slice(0, match.index).split('\n').length;
    match[0].split('\n').forEach((line, at) => found.push({ line: first + at, text: line }));
  }
  return found;
}

export const isCode = ({ path }: SourceFile): boolean => /\.(ts|mjs)$/.test(path) && !path.startsWith('protos/generated/');
export const isTest = (path: string): boolean =>
  path.startsWith('test/') || path.endsWith('.spec.ts') || path.includes('/fixtures/');
export const linesOf = ({ text }: SourceFile): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
