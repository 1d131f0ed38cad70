/**
 * Where `predict --output` and its like write: through links, FIFOs and devices, and never in their place.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const predict = (...args: string[]) => place.gradpool(['predict', 'run', 'few.csv', ...args]);
let expected = '';

beforeAll(async () => {
  place.write('few.csv', flowers());
  place.write('many.csv', flowers(20_000));
  const { code, stderr } = await place.gradpool(
    'train few.csv -t price --hidden 4 --epochs 2 --workers 0 --out run'.split(' '),
  );
  expect(code, stderr).toBe(0);
  expected = (await predict()).stdout;
  expect(expected).toMatch(/^price\n/);
});
afterAll(() => place.remove());

const inShell = (script: string) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    const shell = spawn('bash', ['-c', script.replaceAll('gradpool', `${process.execPath} ${PROGRAM}`)], {
      cwd: place.folder,
    });
    let [stdout, stderr] = ['', ''];
    shell.stdout.on('data', (text) => (stdout += text));
    shell.stderr.on('data', (text) => (stderr += text));
    shell.once('close', (code) => done({ code, stdout, stderr }));
  });

describe('files', () => {
  it('a symbolic link stays one, its target is replaced and keeps its permissions', async () => {
    place.write('target.csv', 'old');
    chmodSync(place.path('target.csv'), 0o606);
    symlinkSync('target.csv', place.path('link.csv'));
    expect((await predict('--output', 'link.csv')).code).toBe(0);
    expect(readlinkSync(place.path('link.csv'))).toBe('target.csv');
    expect(lstatSync(place.path('target.csv')).isFile()).toBe(true);
    expect(readFileSync(place.path('target.csv'), 'utf8')).toBe(expected);
    expect(statSync(place.path('target.csv')).mode & 0o777).toBe(0o606);
  });

  it('a dangling link creates its target', async () => {
    symlinkSync('created.csv', place.path('dangling.csv'));
    expect((await predict('--output', 'dangling.csv')).code).toBe(0);
    expect(readlinkSync(place.path('dangling.csv'))).toBe('created.csv');
    expect(readFileSync(place.path('created.csv'), 'utf8')).toBe(expected);
  });

  it('a directory is refused in one line', async () => {
    const { code, stderr } = await predict('--output', 'run');
    expect({ code, last: stderr.trim().split('\n').at(-1) }).toEqual({
      code: 3,
      last: 'gradpool: run: cannot be written (this is a directory, where a file is needed)',
    });
  });

  it('nothing is left behind', () => {
    expect(place.files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('streams', () => {
  it('- is stdout, and no file of this name', async () => {
    expect(await predict('--output', '-')).toMatchObject({ code: 0, stdout: expected });
    expect(place.files()).not.toContain('-');
  });

  it('/dev/stdout, piped and redirected after what stands there', async () => {
    expect(await predict('--output', '/dev/stdout')).toMatchObject({ code: 0, stdout: expected });
    const script = '(echo before; gradpool predict run few.csv --output /dev/stdout; echo after) > all.txt';
    expect((await inShell(script)).code).toBe(0);
    expect(readFileSync(place.path('all.txt'), 'utf8')).toBe(`before\n${expected}after\n`);
  });

  it('a descriptor of the shell', async () => {
    const script =
      'gradpool predict run many.csv --output /dev/fd/7 7> >(wc -l > lines); sleep 0.5; cat lines';
    expect((await inShell(script)).stdout.trim()).toBe('20001');
  });

  it('a FIFO is read by its reader and stays', async () => {
    execFileSync('mkfifo', [place.path('fifo')]);
    symlinkSync('fifo', place.path('to-fifo'));
    for (const name of ['fifo', 'to-fifo']) {
      const { stdout } = await inShell(`cat fifo & gradpool predict run few.csv --output ${name}; wait`);
      expect(stdout).toBe(expected);
      expect(lstatSync(place.path('fifo')).isFIFO()).toBe(true);
      expect(lstatSync(place.path('to-fifo')).isSymbolicLink()).toBe(true);
    }
  });

  it('a reader that goes away ends it quietly', async () => {
    execFileSync('mkfifo', [place.path('short')]);
    const script = 'head -1 short & gradpool predict run many.csv --output short; echo $?; wait';
    const { stdout, stderr } = await inShell(script);
    expect(stdout).toBe('price\n0\n');
    expect(stderr).not.toMatch(/gradpool:|EPIPE/);
  });

  it('Ctrl-C ends the wait for a reader that never comes', async () => {
    execFileSync('mkfifo', [place.path('alone')]);
    const script = 'timeout --signal INT --kill-after 5 3 gradpool predict run few.csv --output alone';
    expect((await inShell(script)).code).toBe(124); // 137 is the kill
  });

  /** A copy: if this fails, it must not fail on the machine's own. */
  it.runIf(process.getuid?.() === 0)('a device stays one', async () => {
    try {
      execFileSync('mknod', [place.path('null'), 'c', '1', '3'], { stdio: 'ignore' });
    } catch {
      return; // a container may have no right to
    }
    const { code, stdout } = await predict('--output', 'null');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(lstatSync(place.path('null')).isCharacterDevice()).toBe(true);
  });

  it('explain --diagram and bench --plot likewise', async () => {
    const example = resolve('examples/lecture-2-2-2.yaml');
    const { stdout } = await place.gradpool(['explain', example, '--json', '--diagram', '/dev/stderr']);
    expect(JSON.parse(stdout).network).toBe(example);
    const bench = '--network 4-3-2 --batch 16 --workers 0 --rounds 5 --seconds 0.02 --only strong --quiet';
    const plotted = await place.gradpool(['bench', ...bench.split(' '), '--plot', '/dev/stdout']);
    expect(plotted.stderr).toBe('');
    expect(plotted.stdout).toMatch(/^<svg /);
  });
});
