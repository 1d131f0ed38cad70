/** A run's folder has one writer, and an older checkpoint where the newest is damaged. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resume, train } from '#src/run/train.js';
import type { EndEvent } from '#src/train/events.js';
import { endOf } from '../support/ending.js';
import { unseal } from '../support/unsealed.js';

let folder: string;
const options = { data: 'iris', hidden: [6], epochs: 6, checkpointEvery: 4, workers: 0 } as const;
let whole: EndEvent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-lock-'));
  const interrupted = new AbortController();
  whole = await endOf(train(options, { out: join(folder, 'whole') }));
  await endOf(train(options, { out: join(folder, 'stopped'), signal: interrupted.signal }), (event) => {
    if (event.type === 'epoch' && event.epoch === 4) interrupted.abort();
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

let copies = 0;
function copy(): string {
  const run = join(folder, `copy-${++copies}`);
  cpSync(join(folder, 'stopped'), run, { recursive: true });
  return run;
}
const lockOf = (run: string, holder: object) => {
  const { dev, ino } = statSync(run);
  return JSON.stringify({
    pid: 1,
    host: hostname(),
    since: 'then',
    process: null,
    folder: `${dev}:${ino}`,
    ...holder,
  });
};
const message = (events: AsyncGenerator<unknown>) =>
  events.next().then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('a folder has one writer', () => {
  it('at a time', async () => {
    const run = copy();
    const first = resume(run);
    await first.next();
    expect(existsSync(join(run, 'lock'))).toBe(true);
    expect(await message(resume(run))).toMatch(
      new RegExp(`^${run}: process ${process.pid} has been writing here since .*; wait for it, or stop it$`),
    );
    await first.return(undefined);
    expect(existsSync(join(run, 'lock'))).toBe(false);
    expect((await endOf(resume(run))).weightsSha256).toBe(whole.weightsSha256);
  });

  it('which may be on another machine', async () => {
    const run = copy();
    writeFileSync(join(run, 'lock'), lockOf(run, { host: 'elsewhere', pid: 4 }));
    expect(await message(resume(run))).toBe(
      `${run}: process 4 on elsewhere has been writing here since then; wait for it; if that process has ended, remove ${join(run, 'lock')}`,
    );
  });

  it.each([
    ['whose process is gone', async (run: string) => lockOf(run, { pid: await endedProcess() })],
    [
      'whose number another process has now',
      async (run: string) => lockOf(run, { pid: process.pid, process: 'another start' }),
    ],
    ['that was cut short', async () => '{"pid":'],
  ])('and a lock %s is taken over', async (_, lock) => {
    const run = copy();
    writeFileSync(join(run, 'lock'), await lock(run));
    writeFileSync(join(run, 'checkpoints', 'last.safetensors.77.tmp'), 'half a checkpoint');
    writeFileSync(join(run, 'run.json.77.tmp'), '');
    expect((await endOf(resume(run))).weightsSha256).toBe(whole.weightsSha256);
    expect(readdirSync(run).filter((name) => /tmp|lock/.test(name))).toEqual([]);
    expect(readdirSync(join(run, 'checkpoints')).filter((name) => name.endsWith('tmp'))).toEqual([]);
  });

  it('also where it is a part of another one', async () => {
    const sweep = join(folder, 'sweep');
    mkdirSync(join(sweep, 'trials'), { recursive: true });
    const run = join(sweep, 'trials', '0001');
    cpSync(join(folder, 'stopped'), run, { recursive: true });
    writeFileSync(join(sweep, 'lock'), lockOf(sweep, { pid: process.ppid }));
    expect(await message(resume(run))).toMatch(/sweep: process \d+ has been writing here since then/);
  });

  it('but a copy of it may go on while it is written to', async () => {
    const run = copy();
    const first = resume(run);
    await first.next();
    const second = `${run}-copy`;
    cpSync(run, second, { recursive: true });
    expect((await endOf(resume(second))).weightsSha256).toBe(whole.weightsSha256);
    await first.return(undefined);
  });

  it('and only one of two trainings makes it', async () => {
    const out = join(folder, 'twice');
    const both = await Promise.all(
      [1, 2].map(() =>
        endOf(train(options, { out })).then(
          () => 'done',
          (error: Error) => error.message,
        ),
      ),
    );
    expect(both.sort()).toEqual([`${out}: exists already; take another --out`, 'done']);
  });

  it('and is not left half made', async () => {
    const out = join(folder, 'full');
    // A file where a folder has to be made.
    mkdirSync(out);
    rmSync(out, { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    expect(await message(train(options, { out: join(folder, 'file', 'run') }))).toMatch(
      /cannot be made \(ENOTDIR/,
    );
  });
});

describe('a damaged checkpoint', () => {
  const last = (run: string) => join(run, 'checkpoints', 'last.safetensors');

  it.each([
    ['is cut short', (run: string) => truncateSync(last(run), 100)],
    ['is empty', (run: string) => truncateSync(last(run), 0)],
    ['is missing', (run: string) => rmSync(last(run))],
    ['has a byte changed', (run: string) => flip(last(run))],
  ])('that %s is named, and the one before it taken', async (_, damage) => {
    const run = copy();
    damage(run);
    const retries: string[] = [];
    const result = await endOf(resume(run), (event) => {
      if (event.type === 'retry') retries.push(event.message);
    });
    expect(result.weightsSha256).toBe(whole.weightsSha256);
    expect(result.val).toEqual(whole.val);
    const missing = _ === 'is missing';
    expect(retries).toEqual(
      missing
        ? []
        : [expect.stringMatching(/safetensors: .*; going on after step \d+, to the same weights$/)],
    );
  });

  it('ends the run where there is no other, and nothing vouches for the configuration', async () => {
    const run = copy();
    unseal(run);
    for (const name of readdirSync(join(run, 'checkpoints'))) flip(join(run, 'checkpoints', name));
    expect(await message(resume(run))).toMatch(/safetensors: damaged/);
  });

  it('is kept as many times as asked', async () => {
    const out = join(folder, 'many');
    await endOf(train({ ...options, keepCheckpoints: 3 }, { out }));
    expect(
      readdirSync(join(out, 'checkpoints'))
        .filter((name) => name.startsWith('last'))
        .sort(),
    ).toEqual(['last-1.safetensors', 'last-2.safetensors', 'last.safetensors']);
    const one = join(folder, 'one');
    await endOf(train({ ...options, keepCheckpoints: 1 }, { out: one }));
    expect(readdirSync(join(one, 'checkpoints')).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  });
});

it.skipIf(process.platform !== 'linux')(
  'a lock of a process that nobody has asked how it ended is taken over',
  async () => {
    // The shell's child ends once sleep has taken the shell's place, which never asks how it ended.
    const child = `sh -c 'while ! grep -q sleep /proc/$PPID/comm; do :; done' & echo $!; exec sleep 60`;
    const shell = spawn('sh', ['-c', child], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const pid = Number(await new Promise((said) => shell.stdout.once('data', said)));
      const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      while (stat()[0] !== 'Z') await new Promise((later) => setTimeout(later, 10));
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const run = copy();
      writeFileSync(join(run, 'lock'), lockOf(run, { pid, process: `${boot} ${stat()[19]}` }));
      expect((await endOf(resume(run))).weightsSha256).toBe(whole.weightsSha256);
    } finally {
      shell.kill();
    }
  },
);

/** Changes a bit in the middle of a file. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 20] ^= 1;
  writeFileSync(file, bytes);
}

/** Returns the number of a process that has ended. */
function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  return new Promise((done) => child.on('exit', () => done(child.pid!)));
}
