/** The piscina worker of a peak measurement: a task is a place, where it leaves the GFLOP/s of a window. */
import { workerData } from 'node:worker_threads';
import { type ProductWorkerData, preparedProduct, productRate } from '../src/bench/product.js';
import { type Lanes, serve } from '../src/parallel/lane.js';

const { lanes, setup, rates, window } = workerData as { lanes: Lanes } & ProductWorkerData;
const product = preparedProduct(setup);

export default (lane: number): void =>
  serve(lanes, lane, ([place]) => {
    rates[place] = productRate(product, window);
  });
