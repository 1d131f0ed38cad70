/**
 * Reads the time in milliseconds; only differences count. A test hands in a clock of its own and so decides
 * how long everything takes: what it asserts then holds on a machine of any speed.
 */
export type Clock = () => number;

export const systemClock: Clock = () => performance.now();
