/** Kills commands at random instants. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gradpool, JOBS, outcome, prepared, undisturbed } from './jobs.mjs';

/** The folder in which the first file of a job appears. */
const watched = (job, own) => (job === 'resume' ? join(own, 'run') : own);

/** Returns what says whether a job has written a file since. */
function beginning(job, own) {
  const folder = watched(job, own);
  const before = readdirSync(folder).length;
  return () => readdirSync(folder).length > before;
}

export const kills = {
  rows: () =>
    Object.keys(JOBS).map((job) => ({ what: `${job}, killed at random`, job, only: { jobs: job } })),
  possible: () => Number.POSITIVE_INFINITY,
  async attempt({ job }, { folder, index, random, trying }) {
    const { expected, writing } = await undisturbed(job, folder, beginning);
    const own = join(folder, `${job}-kill-${index}`);
    const killAfter = random() * writing;
    const where = `${killAfter.toFixed(1)} ms after its first file`;
    trying(where);
    const words = await prepared(job, own, folder);
    const { signal } = await gradpool(words, { killAfter, from: beginning(job, own) });
    return outcome(job, own, { expected, where, how: signal ? 'killed' : 'ended before' });
  },
};
