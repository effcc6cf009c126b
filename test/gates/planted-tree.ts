import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const project = join(import.meta.dirname, '../..');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** A small project in a temporary folder with the real configuration, the real packages and planted files. */
export interface PlantedTree {
  readonly root: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

export async function plantTree(copied: readonly string[], files: Readonly<Record<string, string>>): Promise<PlantedTree> {
  const tree = await plantBareTree(copied, files);
  await symlink(join(project, 'node_modules'), join(tree.root, 'node_modules'), 'junction');
  return tree;
}

/** As `plantTree`, with nothing installed: for what installs, which must not reach the packages of this project. */
export async function plantBareTree(copied: readonly string[], files: Readonly<Record<string, string>>): Promise<PlantedTree> {
  const root = await mkdtemp(join(tmpdir(), 'countersign-gate-'));
  for (const path of copied) await cp(join(project, path), join(root, path), { recursive: true });
  const tree: PlantedTree = {
    root,
    async write(more) {
      for (const [path, text] of Object.entries(more)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
  await tree.write(files);
  return tree;
}

/** Runs a script of the project, by its path from the project's root, on this very Node. */
export function runScript(script: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const path = [join(project, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  return run([process.execPath, join(project, script), ...args], { cwd, env: { PATH: path, NODE_OPTIONS: '' } });
}

export interface RunOptions {
  readonly cwd: string;
  /** Beside what is in the environment; `undefined` takes away. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function run([command, ...args]: readonly [string, ...string[]], { cwd, env }: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, stdout, output: stdout + stderr });
    });
  });
}
