/** `--until` ends a training when it has converged; the condition is checked after every epoch. */

/**
 * The most epochs of a training that ends by its loss. The lecture's loop has no number of epochs (lecture,
 * section 6), but a loss may never get there.
 */
export const UNTIL_EPOCHS = 100_000;

const FORM = /^(change|loss)\s*<\s*(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i;

/**
 * Whether training ends after an epoch of this mean loss, `before` being the loss of the epoch before it, if
 * any.
 */
type Until = (loss: number, before: number | null) => boolean;

/**
 * Parses a condition on L_t, the mean training loss of epoch t: 'change<1e-6' is |L_t − L_(t−1)| < 1e-6,
 * 'loss<0.01' is L_t < 0.01. Returns null for any other text.
 */
export function parseUntil(text: string): Until | null {
  const [, what, number] = FORM.exec(text.trim()) ?? [];
  const bound = Number(number);
  if (!(bound > 0)) return null;
  if (what.toLowerCase() === 'loss') return (loss) => loss < bound;
  return (loss, before) => before !== null && Math.abs(loss - before) < bound;
}
