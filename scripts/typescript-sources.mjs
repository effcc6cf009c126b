// `node --import ./scripts/typescript-sources.mjs FILE.ts` runs sources that are not part of the build, such as the tests' own
// programs: `.js` in an import means the `.ts` beside it, and `#room/…` means the source, as in jest.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const ROOM = /^#(clients|managers|engines|accessors|utilities|devkit|protos)\/(.*)\.js$/;
const OUTSIDE = /\/(node_modules|dist)\//;

const compiler = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    keepClassNames: true,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

registerHooks({
  resolve(specifier, context, next) {
    const room = ROOM.exec(specifier);
    if (room !== null) return next(pathToFileURL(join(root, room[1], `${room[2]}.ts`)).href, context);
    const ours = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true && !OUTSIDE.test(context.parentURL);
    return next(ours ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts') || OUTSIDE.test(url)) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...compiler, filename });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
