/**
 * The piscina worker of a measurement of rates. A task is a place, at which the worker leaves its rate of one
 * window, and which rate that is.
 */
import { workerData } from 'node:worker_threads';
import { measuredRate, type RateWorkerData, rateMeter } from '../src/bench/peak.js';
import { serveTasks } from '../src/parallel/channel.js';
import type { PoolWorkerData } from '../src/parallel/pool.js';

const { channels, rates, window, ...data } = workerData as PoolWorkerData & RateWorkerData;
const meter = rateMeter(data);

export default (channel: number): void =>
  serveTasks(channels, channel, ([place, rate]) => {
    rates[place] = measuredRate(meter, rate, window);
  });
