import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DataError } from '#src/errors.js';
import { runJobs } from '#src/parallel/jobs.js';

const COUNTING = fileURLToPath(new URL('../fixtures/workers/counting.mjs', import.meta.url));

interface Job {
  readonly to: number;
  readonly waitAt?: number;
  readonly failAt?: number;
  readonly dieAt?: number;
  readonly lives?: Int32Array;
  readonly waiting?: Int32Array;
}
type Report = number | string;

const lives = (count: number) => new Int32Array(new SharedArrayBuffer(4)).fill(count);

/** Does a job in this thread. */
async function* count({ to }: Job): AsyncGenerator<Report> {
  for (let n = 1; n <= to; n++) yield n;
}

/** Runs jobs and collects the reports of each; `told` sees them as they come. */
async function collect(
  jobs: readonly Job[],
  threads: number,
  signal = new AbortController().signal,
  told: (index: number, report: Report) => void = () => {},
): Promise<Report[][]> {
  const reports: Report[][] = jobs.map(() => []);
  const retried = (error: Error) => `retried: ${error.message}`;
  for await (const { index, report } of runJobs<Job, Report>(jobs, {
    filename: COUNTING,
    threads,
    here: count,
    signal,
    retried,
  })) {
    reports[index].push(report);
    told(index, report);
  }
  return reports;
}

describe('runJobs', () => {
  it.each([1, 2, 5])('with %i threads passes on all reports of a job in their order', async (threads) => {
    const jobs = [3, 1, 4, 0].map((to) => ({ to }));
    const expected = jobs.map(({ to }) => [...Array.from({ length: to }, (_, i) => i + 1), 'done']);
    expect(await collect(jobs, threads)).toEqual(expected);
  });

  it('asks jobs to stop, and does not begin those that wait', async () => {
    const abort = new AbortController();
    const jobs = [{ to: 9, waitAt: 2 }, { to: 5 }];
    const reports = await collect(jobs, 1, abort.signal, (_, report) => {
      if (report === 2) abort.abort();
    });
    expect(reports).toEqual([[1, 2, 'stopped'], []]);
  });

  it('begins no job when it is stopped already', async () => {
    expect(await collect([{ to: 3 }], 1, AbortSignal.abort())).toEqual([[]]);
  });

  it('throws what a job has thrown, with its class, after the others have stopped', async () => {
    const seen: Report[] = [];
    const waiting = new Int32Array(new SharedArrayBuffer(4));
    const run = collect(
      [
        { to: 5, failAt: 3, waiting },
        { to: 9, waitAt: 1, waiting },
      ],
      2,
      undefined,
      (_, report) => {
        seen.push(report);
      },
    );
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toThrow(/^failed at 3$/);
    expect(seen).toContain('stopped');
  });

  it('begins a job again when its thread ends on the way, but not for ever', async () => {
    const [reports] = await collect([{ to: 3, dieAt: 3, lives: lives(1) }], 1);
    expect(reports.filter((report) => typeof report === 'number')).toEqual(expect.arrayContaining([1, 2, 3]));
    expect(reports.filter((report) => String(report).startsWith('retried'))).toHaveLength(1);
    expect(reports.at(-1)).toBe('done');
    await expect(collect([{ to: 3, dieAt: 1, lives: lives(9) }], 1)).rejects.toThrow();
  });

  it('does them here one after the other without threads, and begins none once it is asked to stop', async () => {
    const told: number[] = [];
    const note = (index: number) => told.push(index);
    const none = new AbortController().signal;
    expect(await collect([{ to: 2 }, { to: 3 }], 0, none, note)).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    expect(told).toEqual([0, 0, 1, 1, 1]);
    const abort = new AbortController();
    expect(await collect([{ to: 2 }, { to: 3 }], 0, abort.signal, () => abort.abort())).toEqual([[1, 2], []]);
  });

  it('ends its threads when its caller goes away', async () => {
    const jobs = runJobs<Job, Report>([{ to: 9, waitAt: 1 }], {
      filename: COUNTING,
      threads: 1,
      here: count,
      signal: new AbortController().signal,
      retried: ({ message }) => message,
    });
    for await (const { report } of jobs) {
      expect(report).toBe(1);
      break;
    }
  });
});
