/** Lets accidents happen to workers, and flips bits in what they compute. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const worker = (name) => fileURLToPath(new URL(`../fixtures/workers/${name}.mjs`, import.meta.url));
const { train } = await import(new URL('../../dist/src/run/train.js', import.meta.url));

/** Weights for an update in slices, of more than one chunk each, and rows for an evaluation in two tasks. */
const OPTIONS = {
  data: 'spirals:640',
  hidden: [400, 400],
  batch: 40,
  epochs: 2,
  optimizer: 'adam',
  checkpointEvery: 7,
  val: 0.5,
};

const ACCIDENTS = ['throw', 'exit', 'terminate', 'loop', 'memory', 'half'];
const TASKS = ['gradient', 'update', 'evaluate'];

const threads = new Map();
process.on('worker', (thread) => threads.set(thread.threadId, thread));

async function trained(options, workerFile) {
  const begin = performance.now();
  let end;
  for await (const event of train(options, { out: null, ...(workerFile ? { workerFile } : {}) })) end = event;
  return { end, ms: performance.now() - begin };
}

const sounds = new Map();

/** Trains without an accident, once for each kind: its end, and how long it takes. */
async function sound(options) {
  const key = JSON.stringify(options);
  if (!sounds.has(key)) {
    await trained(options); // the first training loads the code
    sounds.set(key, await trained(options));
  }
  return sounds.get(key);
}

/** Ends the thread that waits for it, whose number is in the marker. */
function terminator(marker) {
  const timer = setInterval(() => {
    if (!existsSync(marker)) return;
    const thread = threads.get(Number(readFileSync(marker, 'utf8')));
    if (thread === undefined) return;
    clearInterval(timer);
    thread.terminate();
  }, 5);
  return () => clearInterval(timer);
}

/** Trainings with an accident of a kind in a random task of a kind. */
export const accidents = {
  rows: () =>
    ACCIDENTS.flatMap((accident) =>
      TASKS.map((task) => ({
        what: `${accident} in ${task}`,
        accident,
        task,
        only: { accidents: accident, tasks: task },
      })),
    ),
  possible: () => Number.POSITIVE_INFINITY,
  async attempt({ accident, task }, { folder, index, below, trying }) {
    // A busy machine may not let a thread compute for a second, which only matters where it has to be found.
    const options = { ...OPTIONS, workers: 2, watchdog: accident === 'loop' ? 1 : 60 };
    const { end, ms } = await sound(options);
    // The thread has a task for each step and each evaluation; the last update of an epoch is in one piece.
    const { epochs } = OPTIONS;
    const at = 1 + below({ evaluate: epochs, update: end.steps - epochs, gradient: end.steps }[task]);
    const marker = join(folder, `${accident}-${task}-${index}`);
    const forget = tellThreads({
      GRADPOOL_TEST_MARKER: marker,
      GRADPOOL_TEST_ACCIDENT: accident,
      GRADPOOL_TEST_KIND: task,
      GRADPOOL_TEST_AT: `${at}`,
    });
    trying(`task ${at}`);
    const stop = accident === 'terminate' ? terminator(marker) : () => {};
    try {
      const again = await trained(options, worker('dying'));
      const as = existsSync(marker) ? 'had it' : 'had ended before it';
      if (again.end.weightsSha256 === end.weightsSha256) return { as, added: again.ms - ms };
      return { wrong: `task ${at}: comes to ${again.end.weightsSha256}` };
    } catch (error) {
      return { wrong: `task ${at}: ${error.message}` };
    } finally {
      stop();
      forget();
    }
  },
};

/**
 * Sets variables of the environment that threads read. Returns a function that unsets them, because a
 * command that this process starts later would refuse them.
 */
function tellThreads(variables) {
  Object.assign(process.env, variables);
  return () => {
    for (const name of Object.keys(variables)) delete process.env[name];
  };
}

/** Trainings in which one bit of a random shard's gradient is flipped, with every shard audited. */
export const flips = {
  rows: () => [{ what: 'a flipped bit, audited', only: {} }],
  possible: () => Number.POSITIVE_INFINITY,
  async attempt(_, { folder, index, below, trying }) {
    const options = { ...OPTIONS, hidden: [40, 30], audit: 1 };
    const { end } = await sound({ ...options, workers: 0 });
    const [step, shard, place] = [end.steps, 8, 1000].map(below);
    const marker = join(folder, `flip-${index}`);
    const forget = tellThreads({
      GRADPOOL_TEST_FLIP: `${step},${shard},${place}`,
      GRADPOOL_TEST_MARKER: marker,
    });
    const workers = 1 + below(3);
    const where = `step ${step}, shard ${shard}, ${workers} workers`;
    trying(where);
    const said = await trained({ ...options, workers }, worker('flipping')).then(
      (again) => (again.end.weightsSha256 === end.weightsSha256 ? '' : 'not found, and other bits'),
      (error) => error.message,
    );
    forget();
    // The coordinator, on which no bit flips, computes what a late thread has not begun or not ended.
    if (said === '') return { as: 'undone by a second computation, with the same bits' };
    if (!said.startsWith(`audit: shard ${shard} of step ${step + 1} `)) return { wrong: `${where}: ${said}` };
    return { as: existsSync(marker) ? 'found' : 'found without a flip' };
  },
};
