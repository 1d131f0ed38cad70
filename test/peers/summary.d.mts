export interface Measurement {
  readonly contestant: string;
  readonly setting: string;
  /** Samples per second before the rounds, by which settings are chosen. */
  readonly trials?: readonly number[];
  /** Samples per second in the rounds; empty for a setting that was too slow in its trials. */
  readonly turns: readonly number[];
}

export interface Contestant {
  readonly name: string;
  readonly measurements: readonly Measurement[];
  /** The best one. */
  readonly setting: string;
  readonly samplesPerSecond: number;
}

export function median(values: readonly number[]): number;
export function best(measurements: readonly Measurement[]): Measurement;
export function ratio(a: Measurement, b: Measurement): number;
export function summarize(pieces: readonly (readonly Measurement[])[]): {
  readonly contestants: readonly Contestant[];
  compare(a: string, b: string): number | null;
};
export function flopsPerSample(network: string): number;
export function figure(value: number | null): string;
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string;
export function writeBetween(text: string, name: string, content: string): string;
