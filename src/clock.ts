/**
 * Reads the time in milliseconds; only differences have a meaning. A test passes a clock of its own and so
 * decides how long everything takes, which makes its assertions hold on a machine of any speed.
 */
export type Clock = () => number;

export const systemClock: Clock = () => performance.now();
