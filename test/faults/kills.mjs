/** Kills a process at random instants, in which several commands of a kind are under way at the same time. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { JOBS, outcome, prepared, undisturbed, warmProcess } from './jobs.mjs';

/** Commands of a process that is killed. */
const COMMANDS = 5;

export const kills = {
  rows: () =>
    Object.keys(JOBS).map((job) => ({
      what: `${job}, killed at random`,
      job,
      each: COMMANDS,
      only: { jobs: job },
    })),
  possible: () => Number.POSITIVE_INFINITY,
  async attempt({ job }, { folder, index, random, trying }) {
    const expected = await undisturbed(job, folder);
    const killAfter = random() * (await writingTime(job, folder));
    const where = `${killAfter.toFixed(1)} ms after the first file`;
    trying(where);
    const above = join(folder, `${job}-kill-${index}`);
    const { folders, killed, writing } = await together(job, above, folder, killAfter);
    if (!killed) times.set(job, Math.min(writing, times.get(job)));
    const tried = [];
    for (const own of folders) tried.push(await outcome(job, own, { expected, where, how: 'killed' }));
    if (tried.every(({ wrong }) => wrong === undefined)) rmSync(above, { recursive: true });
    return tried;
  },
};

const times = new Map();

/** Returns for how many milliseconds the commands of a process write, when nothing disturbs them. */
async function writingTime(job, folder) {
  if (!times.has(job)) {
    const above = join(folder, `${job}-timed`);
    times.set(job, (await together(job, above, folder, Number.POSITIVE_INFINITY)).writing);
    rmSync(above, { recursive: true });
  }
  return times.get(job);
}

/** Lets a process run several commands, and kills it so many milliseconds after the first of their files. */
async function together(job, above, shared, killAfter) {
  const folders = Array.from({ length: COMMANDS }, (_, i) => join(above, `${i}`));
  const child = warmProcess();
  for (const own of folders) child.send(await prepared(job, own, shared));
  const watched = job === 'resume' ? join(folders[0], 'run') : folders[0];
  const before = readdirSync(watched).length;
  return new Promise((resolve) => {
    let begin;
    let ended = 0;
    const timer = setInterval(() => {
      if (begin === undefined && readdirSync(watched).length > before) begin = performance.now();
      if (performance.now() >= begin + killAfter) child.kill('SIGKILL');
    }, 1);
    child.on('message', () => {
      if (++ended === COMMANDS) child.disconnect();
    });
    child.once('exit', (_, signal) => {
      clearInterval(timer);
      resolve({ folders, killed: signal !== null, writing: performance.now() - begin });
    });
  });
}
