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
  watchdog: 1,
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

const sound = async (options) => {
  await trained(options); // the first training loads the code
  return trained(options);
};

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

/**
 * Trains `count` times with an accident of a kind in a random task of a kind.
 * @param random returns a number from 0 to 1
 */
export async function* accidents({ count, folder, random, kinds = ACCIDENTS, tasks = TASKS }) {
  const options = { ...OPTIONS, workers: 2 };
  const { end, ms } = await sound(options);
  for (const accident of kinds) {
    for (const kind of tasks) {
      const row = { what: `${accident} in ${kind}`, tried: 0, begun: 0, right: 0, failures: [], added: [] };
      // The thread has a task for each step and each evaluation; the last update of an epoch is in one piece.
      const { epochs } = OPTIONS;
      const most = { evaluate: epochs, update: end.steps - epochs, gradient: end.steps }[kind];
      for (let i = 0; i < count; i++) {
        const at = 1 + Math.floor(random() * most);
        const marker = join(folder, `${accident}-${kind}-${i}`);
        Object.assign(process.env, {
          GRADPOOL_TEST_MARKER: marker,
          GRADPOOL_TEST_ACCIDENT: accident,
          GRADPOOL_TEST_KIND: kind,
          GRADPOOL_TEST_AT: `${at}`,
        });
        const stop = accident === 'terminate' ? terminator(marker) : () => {};
        row.tried++;
        try {
          const again = await trained(options, worker('dying'));
          if (existsSync(marker)) row.begun++;
          row.added.push(again.ms - ms);
          if (again.end.weightsSha256 === end.weightsSha256) row.right++;
          else row.failures.push(`task ${at}: comes to ${again.end.weightsSha256}`);
        } catch (error) {
          row.failures.push(`task ${at}: ${error.message}`);
        } finally {
          stop();
        }
      }
      yield row;
    }
  }
}

/** Flips one bit of a random shard's gradient, with every shard audited. */
export async function flips({ count, folder, random }) {
  const options = { ...OPTIONS, hidden: [40, 30], audit: 1 };
  const { end } = await sound({ ...options, workers: 0 });
  const row = { what: 'a flipped bit, audited', tried: 0, begun: 0, right: 0, failures: [] };
  for (let i = 0; i < count; i++) {
    const [step, shard, index] = [end.steps, 8, 1000].map((most) => Math.floor(random() * most));
    const marker = join(folder, `flip-${i}`);
    Object.assign(process.env, {
      GRADPOOL_TEST_FLIP: `${step},${shard},${index}`,
      GRADPOOL_TEST_MARKER: marker,
    });
    row.tried++;
    const workers = 1 + Math.floor(3 * random());
    const said = await trained({ ...options, workers }, worker('flipping')).then(
      () => 'not found',
      (error) => error.message,
    );
    if (existsSync(marker)) row.begun++;
    if (said.startsWith(`audit: shard ${shard} of step ${step + 1} `)) row.right++;
    else row.failures.push(`step ${step}, shard ${shard}, ${workers} workers: ${said}`);
  }
  return row;
}
