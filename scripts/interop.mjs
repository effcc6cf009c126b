// `npm run interop`: other people's programs against the real service. See test/interop and docs/guides/other-languages.md.
import './typescript-sources.mjs';

await import('../test/interop/interop.main.ts');
