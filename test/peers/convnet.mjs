/** convnetjs: its trainer takes one sample a call and updates after each batch; SGD with momentum. */
import { installed, packageVersion, randomRows, takeTurns } from './contestant.mjs';

const ROWS = 1024;

await takeTurns(async ({ widths, batch }) => {
  const { default: convnet } = await installed('convnetjs');
  const { x, classes } = randomRows(widths, ROWS);
  const volumes = Array.from({ length: ROWS }, (_, row) => {
    const volume = new convnet.Vol(1, 1, widths[0], 0);
    volume.w.set(x.subarray(row * widths[0], (row + 1) * widths[0]));
    return volume;
  });
  const network = new convnet.Net();
  network.makeLayers([
    { type: 'input', out_sx: 1, out_sy: 1, out_depth: widths[0] },
    ...widths.slice(1, -1).map((units) => ({ type: 'fc', num_neurons: units, activation: 'relu' })),
    { type: 'softmax', num_classes: widths[widths.length - 1] },
  ]);
  const options = { method: 'sgd', learning_rate: 0.01, momentum: 0.9, batch_size: batch, l2_decay: 0 };
  const trainer = new convnet.Trainer(network, options);
  let row = 0;
  const step = () => {
    for (let k = 0; k < batch; k++) {
      trainer.train(volumes[row], classes[row]);
      row = (row + 1) % ROWS;
    }
    return batch;
  };
  return { versions: { convnetjs: packageVersion('convnetjs') }, step };
});
