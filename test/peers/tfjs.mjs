/** TensorFlow.js by its core API: backend=cpu, or backend=wasm threads=N. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { initialWeights, installed, ROWS, randomRows, takeTurns } from './contestant.mjs';

await takeTurns(async ({ widths, batch, settings }) => {
  const tf = await installed('@tensorflow/tfjs');
  if (settings.backend === 'wasm') await useWasm(Number(settings.threads));
  await tf.setBackend(settings.backend);
  await tf.ready();

  const data = randomRows(widths);
  const batches = Array.from({ length: Math.floor(ROWS / batch) }, (_, k) => ({
    x: tf.tensor2d(data.x.subarray(k * batch * widths[0], (k + 1) * batch * widths[0]), [batch, widths[0]]),
    y: tf.oneHot(
      tf.tensor1d(data.classes.subarray(k * batch, (k + 1) * batch), 'int32'),
      widths[widths.length - 1],
    ),
  }));
  const layers = widths.slice(1).map((outputs, i) => ({
    w: tf.variable(tf.tensor2d(initialWeights(widths[i], outputs), [widths[i], outputs])),
    b: tf.variable(tf.zeros([outputs])),
  }));
  const loss = ({ x, y }) => {
    let a = x;
    for (const [i, { w, b }] of layers.entries()) {
      a = tf.matMul(a, w).add(b);
      if (i < layers.length - 1) a = a.relu();
    }
    return tf.losses.softmaxCrossEntropy(y, a);
  };
  const optimizer = tf.train.momentum(0.01, 0.9);
  let at = 0;
  const step = () => {
    tf.tidy(() => optimizer.minimize(() => loss(batches[at])));
    at = (at + 1) % batches.length;
    return batch;
  };
  return { versions: { tfjs: tf.version.tfjs }, step };
});

async function useWasm(threads) {
  const { setThreadsCount, setWasmPaths, default: whole } = await installed('@tensorflow/tfjs-backend-wasm');
  const wasm = setWasmPaths ? { setThreadsCount, setWasmPaths } : whole;
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(main), '/'));
  wasm.setThreadsCount(threads);
}
