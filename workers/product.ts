/** The piscina worker of a peak measurement: a task is a number of seconds, its result GFLOP/s. */
import { workerData } from 'node:worker_threads';
import { type ProductSetup, preparedProduct, productRate } from '../src/bench/product.js';

const product = preparedProduct(workerData as ProductSetup);

export default (seconds: number): number => productRate(product, seconds);
