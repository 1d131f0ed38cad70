/**
 * Holds the state of the schedule `plateau`, which lowers the rate when the loss stops falling; checkpoints
 * store it.
 */
export interface PlateauState {
  /** The product of all drops so far. */
  readonly factor: number;
  /** The lowest loss so far, or null before the first epoch. */
  readonly best: number | null;
  /** Epochs since the lowest loss, or since the last drop. */
  readonly waited: number;
}

export const FRESH_PLATEAU: PlateauState = { factor: 1, best: null, waited: 0 };

/** A loss counts as lower only if it is lower by more than this share of the best, as in PyTorch. */
const THRESHOLD = 1e-4;

/** Returns the state after an epoch with this loss, as ReduceLROnPlateau computes it. */
export function afterEpoch(
  { factor, best, waited }: PlateauState,
  loss: number,
  options: { readonly gamma: number; readonly minFactor: number; readonly plateauPatience: number },
): PlateauState {
  if (best === null || loss < best * (1 - THRESHOLD)) return { factor, best: loss, waited: 0 };
  if (waited < options.plateauPatience) return { factor, best, waited: waited + 1 };
  return { factor: Math.max(factor * options.gamma, options.minFactor), best, waited: 0 };
}
