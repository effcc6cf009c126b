// Runs the sources without a build, for processes that tests start: `node --import ./test/support/typescript.mjs file.ts`.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import jestConfig from '../../jest.config.mjs';

const root = join(import.meta.dirname, '../..');
const room = /^#([^/]+)\/(.*)\.js$/;
const [, swcOptions] = Object.values(jestConfig.transform)[0];

registerHooks({
  resolve(specifier, context, next) {
    const [, name, path] = room.exec(specifier) ?? [];
    if (name !== undefined) return next(pathToFileURL(join(root, name, `${path}.ts`)).href, context);
    const ofSource = context.parentURL?.endsWith('.ts') && specifier.startsWith('.');
    return next(ofSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...swcOptions, filename, swcrc: false });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
