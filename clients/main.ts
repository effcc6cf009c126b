#!/usr/bin/env node
/** `explain` needs nothing that the service is made of, and answers before that is read from disk. */
if (process.argv[2] === 'explain') await (await import('./explain.js')).runExplain();
else await (await import('./program.js')).runProgram();
