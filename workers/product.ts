/** The piscina worker that measures the peak: a task is an index, at which the worker leaves its GFLOP/s. */
import { workerData } from 'node:worker_threads';
import { type ProductWorkerData, preparedProduct, productRate } from '../src/bench/product.js';
import { serveTasks } from '../src/parallel/channel.js';
import type { PoolWorkerData } from '../src/parallel/pool.js';

const { channels, setup, rates, window } = workerData as PoolWorkerData & ProductWorkerData;
const product = preparedProduct(setup);

export default (channel: number): void =>
  serveTasks(channels, channel, ([index]) => {
    rates[index] = productRate(product, window);
  });
