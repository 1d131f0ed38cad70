// Counts how often the smallest networks for XOR and parity learn their problem. It trains once for each
// seed, and stops as soon as every row is right. The portable kernels give the same counts on every machine.
//
//   node examples/success-rates.mjs [seeds, default 1000] [threads, default: the cores]
import { availableParallelism } from 'node:os';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { train } from 'gradpool';

const sgd = { optimizer: 'sgd', lr: 0.5, momentum: 0.9 };
const CASES = [
  { data: 'xor', hidden: [2], activation: 'sigmoid', ...sgd, epochs: 500 },
  { data: 'xor', hidden: [2], activation: 'tanh', ...sgd, epochs: 500 },
  { data: 'xor', hidden: [2], activation: 'silu', ...sgd, epochs: 500 },
  { data: 'xor', hidden: [4], activation: 'sigmoid', ...sgd, epochs: 500 },
  { data: 'parity:4', hidden: [4], activation: 'sigmoid', ...sgd, epochs: 1000 },
  { data: 'parity:4', hidden: [4], activation: 'silu', optimizer: 'adam', lr: 0.02, epochs: 1000 },
  { data: 'parity:4', hidden: [8], activation: 'tanh', ...sgd, epochs: 1000 },
];
const COMMON = {
  loss: 'binaryCrossEntropy',
  init: 'lecunNormal',
  shards: 1,
  workers: 0,
  kernels: 'portable',
};

/** Returns the epoch after which every row was right, or null if that never happened. */
async function epochsToSuccess(options) {
  for await (const event of train(options, { out: null })) {
    if (event.type === 'epoch' && event.train.accuracy === 1) return event.epoch;
  }
  return null;
}

/**
 * Trains with one thread's share of the seeds, and returns for each case the epochs that its successes took.
 */
async function shareOfSeeds({ first, last, step }) {
  const results = CASES.map(() => []);
  for (const [index, options] of CASES.entries()) {
    for (let seed = first; seed <= last; seed += step) {
      const epochs = await epochsToSuccess({ ...COMMON, ...options, seed });
      if (epochs !== null) results[index].push(epochs);
    }
  }
  return results;
}

function inThread(share) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function main() {
  const seeds = Number(argv[2] ?? 1000);
  const threads = Number(argv[3] ?? availableParallelism());
  const begin = performance.now();
  const shares = Array.from({ length: threads }, (_, k) =>
    inThread({ first: k + 1, last: seeds, step: threads }),
  );
  const results = await Promise.all(shares);
  console.log('problem   network  hidden   rule   succeeded       median epochs');
  for (const [index, { data, hidden, activation, optimizer, epochs: limit }] of CASES.entries()) {
    const epochs = results.flatMap((share) => share[index]).sort((a, b) => a - b);
    const inputs = data === 'xor' ? 2 : Number(data.split(':')[1]);
    console.log(
      [
        data.padEnd(9),
        `${inputs}-${hidden}-1`.padEnd(8),
        activation.padEnd(8),
        optimizer.padEnd(6),
        `${epochs.length} of ${seeds}`.padEnd(15),
        epochs.length > 0 ? `${epochs[epochs.length >> 1]} (at most ${limit})` : 'none',
      ].join(' '),
    );
  }
  console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s on ${threads} threads`);
}

if (isMainThread) await main();
else parentPort.postMessage(await shareOfSeeds(workerData));
