/**
 * Reads the time in milliseconds; only differences have a meaning. A test passes a clock of its own and so
 * decides how long everything takes, which makes its assertions hold on a machine of any speed.
 */
export type Clock = () => number;

export const systemClock: Clock = () => {
  // performance.now() takes as long, but the engine compiles more for each of its callers.
  const time = process.hrtime();
  return 1000 * time[0] + time[1] / 1e6;
};
