/**
 * The worker of a measurement of rates. A task is a place, at which the worker leaves its rate of one window,
 * and which rate that is.
 */
import { measuredRate, type RateSetup, rateMeter } from '../src/bench/peak.js';
import { serving } from '../src/parallel/channel.js';

export default serving(({ rates, window, ...data }: RateSetup) => {
  const meter = rateMeter(data);
  return ([place, rate]) => {
    rates[place] = measuredRate(meter, rate, window);
  };
});
