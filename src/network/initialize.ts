/** Fills a block of parameters with initial weights. */
import type { FloatArray } from '../kernels/kernels.js';
import { PURPOSE, Stream } from '../random.js';
import { FILLS, INITIALIZERS, type Initializer, type InitializerName } from './initializers.js';
import type { ParameterLayout } from './layout.js';

/**
 * Fills a block of parameters. Each parameter has a stream of draws to itself, keyed by (seed, purpose
 * `init`, its index in the layout), so its numbers do not depend on the other parameters.
 * @param name `auto` takes for each parameter the initialiser that suits the layer after it
 * @param constant the value for initialiser `constant`
 */
export function initialize(
  block: FloatArray,
  layout: ParameterLayout,
  name: InitializerName | 'auto',
  seed: number,
  constant = 0,
): void {
  block.fill(0);
  layout.views.forEach(({ spec: { init, shape }, autoInitializer, offset, length }, index) => {
    const values = block.subarray(offset, offset + length);
    if ('constant' in init) {
      values.fill(init.constant);
      return;
    }
    const stream = new Stream(seed, PURPOSE.init, index);
    if ('normal' in init || 'uniform' in init) {
      const [distribution, deviation] =
        'normal' in init
          ? (['normal', init.normal] as const)
          : (['uniform', init.uniform / Math.sqrt(3)] as const);
      FILLS[distribution](values, { deviation, stream, rows: shape[0], constant });
      return;
    }
    const initializer = name === 'auto' ? autoInitializer : name;
    const { variance, distribution }: Initializer = INITIALIZERS[initializer];
    const deviation = Math.sqrt(variance(init.fanIn, init.fanOut));
    FILLS[distribution](values, { deviation, stream, rows: shape[0], constant });
  });
}
