/** Initial weights, each parameter from a stream of its own: (seed, init, its index in the layout). */
import { ln } from '../elementary.js';
import type { FloatArray } from '../kernels/kernels.js';
import { PURPOSE, Stream } from '../random.js';
import { ACTIVATIONS, type Activation, type ActivationName } from './activations.js';
import type { ParameterLayout } from './layout.js';

/** A variance for the weights from their fans, and the shape of the distribution that has it. */
interface Initializer {
  readonly variance: (fanIn: number, fanOut: number) => number;
  readonly distribution: 'normal' | 'uniform' | 'none';
  readonly source: string;
}

const he = (fanIn: number) => 2 / fanIn;
const glorot = (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut);
const lecun = (fanIn: number) => 1 / fanIn;

export const INITIALIZERS = {
  heNormal: { variance: he, distribution: 'normal', source: 'He et al. 2015' },
  heUniform: { variance: he, distribution: 'uniform', source: 'He et al. 2015' },
  glorotNormal: { variance: glorot, distribution: 'normal', source: 'Glorot & Bengio 2010' },
  glorotUniform: { variance: glorot, distribution: 'uniform', source: 'Glorot & Bengio 2010' },
  lecunNormal: { variance: lecun, distribution: 'normal', source: 'LeCun et al. 1998' },
  lecunUniform: { variance: lecun, distribution: 'uniform', source: 'LeCun et al. 1998' },
  zeros: { variance: () => 0, distribution: 'none', source: '' },
} as const satisfies Record<string, Initializer>;

export type InitializerName = keyof typeof INITIALIZERS;
export const INITIALIZER_NAMES = Object.keys(INITIALIZERS) as InitializerName[];

/** Fills a block of parameters. `auto` takes the initialiser that fits the activation after each layer. */
export function initialize(
  block: FloatArray,
  layout: ParameterLayout,
  name: InitializerName | 'auto',
  seed: number,
): void {
  block.fill(0);
  layout.views.forEach(({ spec: { init }, following, offset, length }, index) => {
    const values = block.subarray(offset, offset + length);
    if ('constant' in init) {
      values.fill(init.constant);
      return;
    }
    const { variance, distribution }: Initializer = INITIALIZERS[name === 'auto' ? fitting(following) : name];
    const deviation = Math.sqrt(variance(init.fanIn, init.fanOut));
    const stream = new Stream(seed, PURPOSE.init, index);
    if (distribution === 'normal') fillNormal(values, deviation, stream);
    if (distribution === 'uniform') fillUniform(values, deviation, stream);
  });
}

function fitting(following: string | null): InitializerName {
  const activation: Activation | undefined = ACTIVATIONS[following as ActivationName];
  return activation?.init ?? 'glorotUniform';
}

/** Uniform on [−a, a] has variance a²/3. */
function fillUniform(values: FloatArray, deviation: number, stream: Stream): void {
  const limit = deviation * Math.sqrt(3);
  for (let i = 0; i < values.length; i++) values[i] = limit * (2 * stream.uniform() - 1);
}

/** Marsaglia's polar method: two normal draws from a uniform point of the unit disc. */
function fillNormal(values: FloatArray, deviation: number, stream: Stream): void {
  for (let i = 0; i < values.length; i += 2) {
    let u: number;
    let v: number;
    let s: number;
    do {
      u = 2 * stream.uniform() - 1;
      v = 2 * stream.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = deviation * Math.sqrt((-2 * ln(s)) / s);
    values[i] = u * factor;
    if (i + 1 < values.length) values[i + 1] = v * factor;
  }
}
