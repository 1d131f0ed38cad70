import type { Measurement } from './summary.mjs';

export interface Entry {
  readonly name: string;
  /** Program and arguments; the network, the batch and the words of the setting follow. */
  readonly command: readonly string[];
  readonly settings: readonly string[];
  /** Variables in which the best settings are tried too, such as 'A=1 B=2'. */
  readonly environments?: readonly string[];
}

export interface Turns {
  readonly rounds: number;
  readonly seconds: number;
  readonly note: (line: string) => void;
}

export function compete(
  entries: readonly Entry[],
  network: string,
  batch: number,
  turns: Turns,
): Promise<{ measurements: Measurement[]; versions: Record<string, string> }>;
