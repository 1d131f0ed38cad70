/** Prints a line when gradpool has made the first step of the training that `npm start` runs. */
import { train } from '#src/index.js';

const [precision] = process.argv.slice(2);
const options = {
  data: 'mnist',
  hidden: [256, 128],
  val: 0,
  schedule: 'cosine',
  weightDecay: 2e-4,
  precision,
};
for await (const event of train(options, { out: null })) {
  if (event.type === 'step') {
    process.stdout.write(`${JSON.stringify({ step: event.step })}\n`);
    break;
  }
}
