/**
 * gradpool's own Trainer, as `gradpool train` drives it: kernels=NAME workers=N, precision=bf16,
 * optimizer=adam.
 */
import { fileURLToPath } from 'node:url';
import { ROWS, randomRows, takeTurns } from './contestant.mjs';

await takeTurns(async ({ widths, batch, settings }) => {
  const [{ resolveConfig }, { planTraining }, { Trainer }, { VERSION }] = await Promise.all([
    import('#src/train/config.js'),
    import('#src/train/plan.js'),
    import('#src/train/trainer.js'),
    import('#src/version.js'),
  ]);
  const config = resolveConfig({
    data: 'random',
    hidden: widths.slice(1, -1),
    batch,
    optimizer: 'sgd',
    lr: settings.optimizer === 'adam' ? 1e-3 : 0.01,
    epochs: 1_000_000,
    ...settings,
    workers: Number(settings.workers),
  });
  const plan = planTraining(config, randomTrainingData(widths));
  const trainer = new Trainer(plan, {
    memoryLimit: 2 ** 32,
    workerFile: fileURLToPath(new URL('../../dist/workers/gradient.js', import.meta.url)),
    onRetry: (message) => process.stderr.write(`${message}\n`),
    onWorkers: () => {},
  });
  const step = async () => {
    await trainer.step();
    return batch;
  };
  return { versions: { gradpool: VERSION }, step, close: () => trainer.close() };
});

function randomTrainingData(widths) {
  const { x, classes } = randomRows(widths);
  const inputs = widths[0];
  const outputs = widths[widths.length - 1];
  const numbers = new Float32Array(new SharedArrayBuffer(4 * x.length));
  const targets = new Uint16Array(new SharedArrayBuffer(2 * ROWS));
  const rows = new Uint32Array(new SharedArrayBuffer(4 * ROWS));
  numbers.set(x);
  targets.set(classes);
  for (let row = 0; row < ROWS; row++) rows[row] = row;
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  const names = Array.from({ length: outputs }, (_, index) => `${index}`);
  const identity = { shift: [0], scale: [1] };
  const target = { kind: 'classes', name: 'class', type: 'number', classes: names };
  return {
    name: 'random',
    train: {
      dataset: { rows: ROWS, numbers, numberWidth: inputs, codes, codeWidth: 0, targets, targetWidth: 1 },
      rows,
    },
    val: null,
    test: null,
    encoding: { ...identity, cardinalities: [], embeddings: [], targetShift: [], targetScale: [] },
    inputWidth: inputs,
    schema: { kind: 'arrays', type: 'f32', shape: [inputs], ...identity, target },
    task: 'classification',
    classes: names,
    outputs,
    notes: [],
    fingerprint: 'random',
  };
}
