/** `countersign keys …` from the sources: `clients/main.ts` itself needs a build. */
import 'reflect-metadata';
import { Command } from 'commander';
import { addKeysCommand } from '#clients/cli/keys.command.js';

const program = new Command();
addKeysCommand(program);
await program.parseAsync();
