/**
 * A project as a user has it: the packed package in its node_modules, the package's dependencies linked from
 * ours.
 */
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WINDOWS = process.platform === 'win32';

export interface Project {
  readonly folder: string;
  /** Paths of the files in the tarball. */
  readonly packed: readonly string[];
  write(name: string, text: string): void;
  /** Runs a script of the project; rejects with what it printed when it fails. */
  node(script: string): Promise<string>;
  /** Compiles files of the project and returns tsc's errors, one a line. */
  compile(files: readonly string[], options: Readonly<Record<string, unknown>>): Promise<string[]>;
  remove(): void;
}

/** Packs dist as it stands: npm pack would otherwise build it again, while other tests use it. */
export async function installedProject(): Promise<Project> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gradpool-package-')));
  const arguments_ = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', arguments_, { shell: WINDOWS, maxBuffer: 2 ** 26 });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  await run('tar', ['-xzf', join(folder, filename), '-C', folder]);
  renameSync(join(folder, 'package'), join(modules, 'gradpool'));
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(modules, name), 'junction');
  }
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('package.json', '{ "name": "a-user", "type": "module", "private": true }');
  return {
    folder,
    packed: files.map(({ path }) => path),
    write,
    node: async (script) => (await run(process.execPath, [script], { cwd: folder })).stdout,
    async compile(files, options) {
      const compilerOptions = {
        ...{ target: 'es2023', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false },
        ...options,
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
      const tsc = resolve('node_modules/typescript/bin/tsc');
      try {
        await run(process.execPath, [tsc, '-p', folder], { cwd: folder });
        return [];
      } catch (error) {
        return (error as { stdout: string }).stdout.trim().split('\n');
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
