/** brain.js 1: it trains on one sample at a time, with momentum and without softmax; the batch is ignored. */
import { installed, packageVersion, randomRows, takeTurns } from './contestant.mjs';

const ROWS = 256; // few, because every call of train() copies them

await takeTurns(async ({ widths }) => {
  const { default: brain } = await installed('brain.js');
  const { x, classes } = randomRows(widths, ROWS);
  const data = Array.from({ length: ROWS }, (_, row) => ({
    input: x.slice(row * widths[0], (row + 1) * widths[0]),
    output: Float32Array.from({ length: widths[widths.length - 1] }, (_, j) => (j === classes[row] ? 1 : 0)),
  }));
  const network = new brain.NeuralNetwork({ hiddenLayers: widths.slice(1, -1), activation: 'relu' });
  const step = () => {
    network.train(data, { iterations: 1, errorThresh: 1e-12, learningRate: 0.001, momentum: 0.9 });
    return ROWS;
  };
  return { versions: { 'brain.js': packageVersion('brain.js') }, step };
});
