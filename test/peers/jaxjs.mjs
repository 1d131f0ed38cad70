/** jax-js on its WebAssembly backend, the whole step compiled by jit: threads=N. */
import { resolveObjectURL } from 'node:buffer';
import { Worker as Thread } from 'node:worker_threads';
import { initialWeights, installed, packageVersion, ROWS, randomRows, takeTurns } from './contestant.mjs';

const PREAMBLE = `
const { parentPort } = require('node:worker_threads');
const self = { onmessage: null };
const postMessage = (message) => parentPort.postMessage(message);
parentPort.on('message', (data) => self.onmessage({ data }));
`;

await takeTurns(async ({ widths, batch, settings }) => {
  if (settings.threads !== '1') offerWorkers(Number(settings.threads));
  const jax = await installed('@jax-js/jax');
  const { numpy: np, nn, jit, valueAndGrad, blockUntilReady } = jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');

  const outputs = widths[widths.length - 1];
  const data = randomRows(widths);
  const part = (array, k, width) => np.array(array.slice(k * batch * width, (k + 1) * batch * width));
  const batches = Array.from({ length: Math.floor(ROWS / batch) }, (_, k) => ({
    x: part(data.x, k, widths[0]).reshape([batch, widths[0]]),
    y: nn.oneHot(part(data.classes, k, 1), outputs),
  }));

  // a function consumes its arguments; .ref keeps an array for another use
  const loss = (layers, x, y) => {
    let a = x;
    for (const [i, { w, b }] of layers.entries()) {
      a = np.matmul(a, w).add(b);
      if (i < layers.length - 1) a = nn.relu(a);
    }
    return nn
      .logSoftmax(a, -1)
      .mul(y)
      .sum()
      .mul(-1 / batch);
  };
  const update = jit((layers, velocities, x, y) => {
    const [value, gradients] = valueAndGrad(loss)(
      eachArray(layers, (w) => w.ref),
      x,
      y,
    );
    const moved = velocities.map(({ w, b }, i) => ({
      w: w.mul(0.9).add(gradients[i].w),
      b: b.mul(0.9).add(gradients[i].b),
    }));
    const next = layers.map(({ w, b }, i) => ({
      w: w.sub(moved[i].w.ref.mul(0.01)),
      b: b.sub(moved[i].b.ref.mul(0.01)),
    }));
    return [next, moved, value];
  });

  let layers = widths.slice(1).map((width, i) => ({
    w: np.array(Float32Array.from(initialWeights(widths[i], width))).reshape([widths[i], width]),
    b: np.zeros([width]),
  }));
  let velocities = layers.map(({ w, b }) => ({ w: np.zeros(w.shape), b: np.zeros(b.shape) }));
  let at = 0;
  const step = async () => {
    const { x, y } = batches[at];
    at = (at + 1) % batches.length;
    let value;
    [layers, velocities, value] = update(layers, velocities, x.ref, y.ref);
    await blockUntilReady([eachArray(layers, (w) => w.ref), value]);
    return batch;
  };
  return { versions: { 'jax-js': packageVersion('@jax-js/jax') }, step };
});

function eachArray(layers, change) {
  return layers.map(({ w, b }) => ({ w: change(w), b: change(b) }));
}

/**
 * Offers Web Workers, which Node lacks, on top of its threads: jax-js starts one for each core of the
 * navigator.
 */
function offerWorkers(threads) {
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: threads } });
  globalThis.Worker = class {
    #thread;
    onmessage = null;
    onerror = null;

    constructor(url) {
      this.#thread = resolveObjectURL(url)
        .text()
        .then((source) => {
          const thread = new Thread(`${PREAMBLE}${source}`, { eval: true });
          thread.on('message', (data) => this.onmessage?.({ data }));
          thread.on('error', (error) => this.onerror?.(error));
          return thread;
        });
    }

    postMessage(message) {
      this.#thread.then((thread) => thread.postMessage(message));
    }
  };
}
