/** A gradient against central differences in float64 (lecture, section 1): the one checker of the tests. */
import type { FloatArray } from '#src/kernels/kernels.js';
import type { ParameterLayout } from '#src/network/layout.js';

export const STEP = 1e-6;
export const TOLERANCE = 1e-7;

export interface Check {
  /** The largest |analytic − numeric| over max(|analytic|, |numeric|, the gradient's root mean square). */
  readonly error: number;
  /** Parameters whose difference quotient would straddle a kink. */
  readonly kinks: number;
  readonly checked: number;
}

export interface Checked {
  readonly layout: ParameterLayout;
  readonly parameters: FloatArray;
  /** Σ ∂Div/∂parameters, to be checked. */
  readonly gradient: FloatArray;
  /** Σ Div at what the parameters hold. */
  loss(): number;
  /** Says on which side of all kinks the last loss was; left out where there are none. */
  sides?(): string;
}

/** Compares every parameter that is learned, and steps over those beside a kink. */
export function gradcheck({ layout, parameters, gradient, loss, sides = () => '' }: Checked): Check {
  const size = Math.sqrt(Array.from(gradient).reduce((sum, g) => sum + g * g, 0) / layout.count);
  const check = { error: 0, kinks: 0, checked: 0 };
  for (const { spec, offset, length } of layout.views) {
    if (spec.statistic) continue;
    for (let i = offset; i < offset + length; i++) {
      const at = (step: number) => {
        const held = parameters[i];
        parameters[i] = held + step;
        const found = { loss: loss(), sides: sides() };
        parameters[i] = held;
        return found;
      };
      const [above, below] = [at(STEP), at(-STEP)];
      if (above.sides !== below.sides || above.sides !== at(0).sides) {
        check.kinks++;
        continue;
      }
      check.checked++;
      const numeric = (above.loss - below.loss) / (2 * STEP);
      const scale = Math.max(Math.abs(gradient[i]), Math.abs(numeric), size);
      check.error = Math.max(check.error, Math.abs(gradient[i] - numeric) / scale);
    }
  }
  return check;
}
