/**
 * The piscina worker of a peak measurement. A task is an index, at which the worker leaves the GFLOP/s of one
 * window.
 */
import { workerData } from 'node:worker_threads';
import type { ProductWorkerData } from '../src/bench/peak.js';
import { matrixProduct, productRate } from '../src/kernels/speed.js';
import { serveTasks } from '../src/parallel/channel.js';
import type { PoolWorkerData } from '../src/parallel/pool.js';

const { channels, setup, rates, window } = workerData as PoolWorkerData & ProductWorkerData;
const product = matrixProduct(setup);

export default (channel: number): void =>
  serveTasks(channels, channel, ([index]) => {
    rates[index] = productRate(product, window);
  });
