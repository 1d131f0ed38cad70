/** Cuts every file of a run short at each byte, and flips a bit of each byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, filesOf, SMALL_RUN, writeRun } from './damagedfiles.mjs';

const library = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url));

/**
 * Files of a run that was interrupted, from which it goes on, of one that has ended, which is read, and of a
 * sweep, which goes on.
 */
const FILES = {
  half: [
    'run.json',
    'config.yaml',
    'metrics.jsonl',
    'checkpoints/last.safetensors',
    'checkpoints/last-1.safetensors',
    'checkpoints/best.safetensors',
  ],
  whole: ['run.json', 'config.yaml', 'model.safetensors'],
  sweep: ['sweep.json', 'sweep.yaml', 'trials.jsonl', 'leaderboard.csv'],
};

async function last(events, see = () => {}) {
  let found;
  for await (const event of events) {
    see(event);
    found = event;
  }
  return found;
}

let made;

/** Trains once to the end and once to the fifth step; what is there then, and the digest of the weights. */
async function runs(folder) {
  made ??= (async () => {
    const { train } = await library('run/train.js');
    const { sweep } = await library('experiment/sweep.js');
    const [run, begun, trials] = ['whole', 'begun', 'sweep'].map((name) => join(folder, name));
    await last(sweep({ base: { ...SMALL_RUN, epochs: 1 }, axes: { lr: [0.01, 0.02] } }, { out: trials }));
    const { weightsSha256 } = await last(train(SMALL_RUN, { out: run }));
    const abort = new AbortController();
    await last(train(SMALL_RUN, { out: begun, signal: abort.signal }), (event) => {
      if (event.type === 'step' && event.step === 5) abort.abort();
    });
    const { readMetrics } = await library('run/metricsfile.js');
    const events = new Set(readMetrics(begun).events.map((event) => JSON.stringify(event)));
    const [whole, half, swept] = [run, begun, trials].map(filesOf);
    return { sha: weightsSha256, events, whole, half, sweep: swept };
  })();
  return made;
}

/** Goes on with a run; returns whether it told of the file, and throws where other bits come of it. */
async function resumed(run, name, sha) {
  const { resume } = await library('run/train.js');
  const said = [];
  const end = await last(resume(run), (event) => {
    if (event.type === 'retry') said.push(event.message);
    if (event.type === 'start') said.push(...event.notes);
  });
  if (end.weightsSha256 !== sha) throw new Error(`comes to ${end.weightsSha256}, not ${sha}`);
  return said.some((text) => text.includes(name));
}

/** Goes on with a sweep; returns whether it told of the file, and throws where it ranks otherwise. */
async function swept(sweep, name, leaderboard) {
  const { resumeSweep } = await library('experiment/sweep.js');
  const said = [];
  await last(resumeSweep(sweep, { workers: 0, parallel: 1 }), (event) => {
    if (event.type === 'start') said.push(...event.notes);
  });
  if (!readFileSync(join(sweep, 'leaderboard.csv')).equals(leaderboard)) throw new Error('ranks otherwise');
  return said.some((text) => text.includes(name));
}

/** Reads the events of a run; returns whether what is missing was told of, and throws where one is new. */
async function logged(run, known) {
  const { readMetrics } = await library('run/metricsfile.js');
  const { notes, events } = readMetrics(run);
  const strange = events.map((event) => JSON.stringify(event)).find((event) => !known.has(event));
  if (strange !== undefined) throw new Error(`reads ${strange}`);
  return notes.length > 0;
}

/** Reads a file of a run that has ended. */
async function contentsOf(run, name) {
  const { readModel } = await library('model/read.js');
  const { readRun } = await library('run/folder.js');
  if (name !== 'model.safetensors') return JSON.stringify(readRun(run));
  const { layers, ...value } = readModel(join(run, name));
  return JSON.stringify(value);
}

/**
 * Uses a run with a damaged file in every way that reads it; returns whether something told of the damage.
 */
async function used(run, stage, name, { sha, events, [stage]: files }) {
  if (stage === 'half') {
    const told = name === 'metrics.jsonl' && (await logged(run, events));
    return (await resumed(run, name, sha)) || told;
  }
  if (stage === 'sweep') return swept(run, name, files.get('leaderboard.csv'));
  const value = await contentsOf(run, name);
  writeRun(run, files);
  if (value !== (await contentsOf(run, name))) throw new Error('reads other values');
  return false;
}

/** What became of a damage: it was refused in one line, told of, or it changes nothing. */
export const damages = {
  rows: () =>
    Object.entries(FILES).flatMap(([stage, names]) =>
      names.map((name) => ({
        what: `damaged ${name.split('/').at(-1)}${stage === 'whole' ? ', read' : ''}`,
        stage,
        name,
        only: { files: name },
      })),
    ),
  possible: async ({ stage, name }, folder) => 2 * (await runs(folder))[stage].get(name).length,
  async attempt({ stage, name }, { folder, place, trying }) {
    const all = await runs(folder);
    const { UserError } = await library('errors.js');
    const { what, bytes } = damaged(all[stage].get(name), place);
    trying(what);
    const run = join(folder, 'damaged');
    writeRun(run, all[stage], name, bytes);
    try {
      if (await used(run, stage, name, all)) return { as: 'told of' };
      return { as: 'harmless', listed: what };
    } catch (error) {
      const line =
        error instanceof UserError && !error.message.includes('\n') && error.message.includes(name);
      return line ? { as: 'refused' } : { wrong: `${what}: ${error.stack}` };
    }
  },
};
