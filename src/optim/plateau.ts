/**
 * Reduce the learning rate when the loss stops falling: the state of schedule `plateau`, plain data for
 * checkpoints.
 */
export interface PlateauState {
  /** the product of the drops so far */
  readonly factor: number;
  /** the lowest loss so far; null before the first epoch */
  readonly best: number | null;
  /** epochs since then, or since the last drop */
  readonly waited: number;
}

export const FRESH_PLATEAU: PlateauState = { factor: 1, best: null, waited: 0 };

/** PyTorch's: a loss that is lower by less than this share of the best does not count. */
const THRESHOLD = 1e-4;

/** The state after an epoch with this loss, as ReduceLROnPlateau. */
export function afterEpoch(
  { factor, best, waited }: PlateauState,
  loss: number,
  options: { readonly gamma: number; readonly minFactor: number; readonly plateauPatience: number },
): PlateauState {
  if (best === null || loss < best * (1 - THRESHOLD)) return { factor, best: loss, waited: 0 };
  if (waited < options.plateauPatience) return { factor, best, waited: waited + 1 };
  return { factor: Math.max(factor * options.gamma, options.minFactor), best, waited: 0 };
}
