/** The built command line as a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stream } from '#src/random.js';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));

/**
 * What a command says when its data are not there after ten seconds, as they may not be on a busy machine.
 */
const WAITING = /^loading .+ …\n/m;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'gradpool-cli-'));
  readonly #running = new Set<ChildProcess>();

  path = (...parts: string[]): string => join(this.folder, ...parts);

  write(name: string, contents: string | Uint8Array): string {
    writeFileSync(this.path(name), contents);
    return this.path(name);
  }

  /** every file and folder, however deep */
  files = (): string[] => readdirSync(this.folder, { recursive: true }).map(String).sort();

  /** `told` sees the process while it runs */
  gradpool(
    args: readonly string[],
    environment: Record<string, string> = {},
    told?: (child: ChildProcess, stderr: string) => void,
  ): Promise<Ended> {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GRADPOOL_'));
    const env = { ...Object.fromEntries(own), ...environment };
    const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: this.folder, env });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
      told?.(child, stderr);
    });
    return new Promise((done) => {
      child.once('close', (code) => done({ code, stdout, stderr: stderr.replace(WAITING, '') }));
    });
  }

  /** Removes the folder, and ends what still runs because its test timed out. */
  remove = (): void => {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  };
}

/** A table of flowers: two numbers, a category, a kind with a comma and quotes in it, a price. */
export function flowers(rows = 60): string {
  const stream = new Stream(3, 99, 0);
  const lines = Array.from({ length: rows }, (_, row) => {
    const tall = row % 2 === 0;
    const height = (tall ? 3 : 1) + stream.uniform();
    const colour = ['red', 'blue', 'white'][stream.below(3)];
    const kind = tall ? '"rose, ""wild"""' : 'tulip';
    return [height.toFixed(3), stream.uniform().toFixed(3), colour, kind, (10 * height).toFixed(2)].join(',');
  });
  return `${['height,width,colour,kind,price', ...lines].join('\n')}\n`;
}
