/**
 * The piscina worker of a peak measurement. A task is a place: the worker leaves the GFLOP/s of one window
 * there.
 */
import { workerData } from 'node:worker_threads';
import type { ProductWorkerData } from '../src/bench/peak.js';
import { matrixProduct, productRate } from '../src/kernels/speed.js';
import { type Lanes, serve } from '../src/parallel/lane.js';

const { lanes, setup, rates, window } = workerData as { lanes: Lanes } & ProductWorkerData;
const product = matrixProduct(setup);

export default (lane: number): void =>
  serve(lanes, lane, ([place]) => {
    rates[place] = productRate(product, window);
  });
