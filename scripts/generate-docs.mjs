// Writes what the documentation says about data from that data: error codes, settings, schemas, OpenAPI, the gRPC interface.
// Reads what was built, so build first. `--out DIR`: write there instead of into the project.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { errorPages } from './docs/error-pages.mjs';
import { failurePage } from './docs/failure-page.mjs';
import { grpcPage } from './docs/grpc-page.mjs';
import { importSchema, openApi, policySchemaFiles, settingsPages } from './docs/settings-page.mjs';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? root);
const built = (path) => import(pathToFileURL(join(root, 'dist', path)).href);

const sources = {
  'error pages': () => errorPages(built),
  'failure signatures': () => failurePage(built),
  settings: () => settingsPages(built),
  'import schema': () => importSchema(built),
  'policy schemas': () => policySchemaFiles(built),
  OpenAPI: () => openApi(built),
  gRPC: () => grpcPage(root),
};

rmSync(join(out, 'docs/errors'), { recursive: true, force: true });
for (const [name, source] of Object.entries(sources)) {
  try {
    for (const [path, text] of Object.entries(await source())) {
      mkdirSync(dirname(join(out, path)), { recursive: true });
      writeFileSync(join(out, path), text);
    }
  } catch (error) {
    console.error(`${name} could not be written: ${error.message}`);
    process.exitCode = 1;
  }
}
process.exit();
