/** How a training ends: signals, deaths that --supervise mends, and streams and folders that are gone. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { train } from '#src/run/train.js';
import { VERSION } from '#src/version.js';
import { Place } from './cli.js';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const place = new Place();
afterAll(place.remove);

const record = (run: string) => JSON.parse(readFileSync(place.path(run, 'run.json'), 'utf8'));
const gradpool = (line: string, told?: Parameters<Place['gradpool']>[2]) =>
  place.gradpool(line.split(' '), {}, told);

/** A training that takes a while, each step a few milliseconds. */
const OPTIONS = { data: 'moons:2000', hidden: [64, 64], batch: 2000, val: 0, kernels: 'portable' } as const;
const SLOW = 'moons:2000 --hidden 64,64 --batch 2000 --val 0 --kernels portable --workers 0';

/** Waits until a run has a checkpoint after the first step; returns the process that trains it. */
async function trainer(run: string): Promise<number> {
  const lock = place.path(run, 'lock');
  const metrics = place.path(run, 'metrics.jsonl');
  const begun = () =>
    existsSync(lock) &&
    existsSync(metrics) &&
    /"type":"checkpoint","step":[1-9]/.test(readFileSync(metrics, 'utf8'));
  while (!begun()) await sleep(20);
  return JSON.parse(readFileSync(lock, 'utf8')).pid;
}

/** Waits until a process is gone. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
}

describe('--supervise', () => {
  it('goes on after SIGKILL, to the same bits, and says so', async () => {
    let whole = '';
    for await (const event of train({ ...OPTIONS, epochs: 40, workers: 0 }, { out: null })) {
      if (event.type === 'end') whole = event.weightsSha256;
    }
    const supervised = gradpool(
      `train ${SLOW} --epochs 40 --checkpoint-every 2 --supervise --out killed --json --quiet`,
    );
    process.kill(await trainer('killed'), 'SIGKILL');
    const { code, stdout, stderr } = await supervised;
    expect(stderr).toMatch(
      /^gradpool: killed: the training died \(SIGKILL\); starting it again from its last checkpoint in 1 s\n$/,
    );
    expect({ code, sha: JSON.parse(stdout).weightsSha256 }).toEqual({ code: 0, sha: whole });
    const again = await gradpool('resume killed --supervise');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(
      /^killed: the run is complete \(completed: all 40 epochs\), and nothing is left/,
    );
  });

  it('passes a signal on, and ends with its exit code', async () => {
    let supervisor = 0;
    const ended = gradpool(
      `train ${SLOW} --epochs 1000000 --checkpoint-every 2 --supervise --out stopped`,
      (child) => {
        supervisor = (child as unknown as { pid: number }).pid;
      },
    );
    const pid = await trainer('stopped');
    process.kill(supervisor, 'SIGTERM');
    expect((await ended).code).toBe(143);
    await gone(pid);
    expect(record('stopped')).toMatchObject({ status: 'interrupted', exitCode: 143 });
    const used = await gradpool('predict stopped moons:5');
    expect(used.code, used.stderr).toBe(0);
    expect(used.stderr).toMatch(
      /^stopped: the run was interrupted; its model has been trained for \d+ of 1000000 epochs/m,
    );
  });

  it('leaves no trainer behind where it is killed itself', async () => {
    const supervisor = spawn(process.execPath, [PROGRAM, 'resume', 'stopped', '--supervise'], {
      cwd: place.folder,
      stdio: 'ignore',
    });
    const lock = place.path('stopped', 'lock');
    while (!existsSync(lock)) await sleep(20);
    await sleep(200);
    const { pid } = JSON.parse(readFileSync(lock, 'utf8'));
    supervisor.kill('SIGKILL');
    await gone(pid);
  });

  it('does not begin again what is wrong in itself', async () => {
    const { code, stderr } = await gradpool(
      'train moons --hidden 4 --target nothing --supervise --out wrong',
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('died');
  });
});

it('SIGHUP ends a training as SIGTERM does', async () => {
  const ended = await gradpool(`train ${SLOW} --epochs 1000000 --out hung`, (child, stderr) => {
    if (/^ +\d+ /m.test(stderr)) child.kill('SIGHUP');
  });
  expect(ended.code).toBe(129);
  expect(record('hung')).toMatchObject({ status: 'interrupted', exitCode: 129 });
});

describe.skipIf(process.platform !== 'linux')('a training whose', () => {
  const shell = (line: string) =>
    new Promise<number | null>((done) => {
      const child = spawn('sh', ['-c', line], { cwd: place.folder, stdio: 'ignore' });
      child.once('close', done);
    });
  const command = `${process.execPath} ${PROGRAM}`;

  it('stderr and stdout fail trains to its end', async () => {
    const code = await shell(
      `${command} train xor --hidden 2 --epochs 40 --no-progress --out full 2> /dev/full > /dev/full`,
    );
    expect(record('full').status).toBe('completed');
    expect(code).toBe(3); // the result could not be printed
    expect(
      await shell(`${command} train xor --hidden 2 --epochs 40 --out closed --json 2>&- > closed.json`),
    ).toBe(0);
    expect(JSON.parse(readFileSync(place.path('closed.json'), 'utf8')).status).toBe('completed');
  });

  it('folder is gone says so, and --version does not need one', async () => {
    mkdirSync(place.path('gone'));
    const script = `cd gone && rmdir ../gone && ${command} --version > ../version && ${command} train xor 2> ../said`;
    expect(await shell(script)).toBe(3);
    expect(readFileSync(join(place.folder, 'version'), 'utf8')).toBe(`${VERSION}\n`);
    expect(readFileSync(join(place.folder, 'said'), 'utf8')).toBe(
      'gradpool: the current folder is gone; change to one that exists\n',
    );
  });
});
