/** The distributions from which initial weights are drawn. */
import { ln } from '../elementary.js';
import type { FloatArray } from '../kernels/kernels.js';
import type { Stream } from '../random.js';

/**
 * Describes an initialiser: the variance of the weights by their fans, and the distribution that they are
 * drawn from.
 */
export interface Initializer {
  readonly formula: string;
  readonly torch: string;
  readonly variance: (fanIn: number, fanOut: number) => number;
  readonly distribution: keyof typeof FILLS;
  readonly source: string;
}

const he = (fanIn: number) => 2 / fanIn;
const glorot = (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut);
const lecun = (fanIn: number) => 1 / fanIn;
/** For distributions that are not scaled by the fans. */
const unused = () => 0;

export const INITIALIZERS = {
  heNormal: {
    formula: 'N(0, 2/fanIn)',
    torch: 'init.kaiming_normal_',
    variance: he,
    distribution: 'normal',
    source: 'He et al. 2015',
  },
  heUniform: {
    formula: 'U(±√(6/fanIn))',
    torch: 'init.kaiming_uniform_',
    variance: he,
    distribution: 'uniform',
    source: 'He et al. 2015',
  },
  glorotNormal: {
    formula: 'N(0, 2/(fanIn+fanOut))',
    torch: 'init.xavier_normal_',
    variance: glorot,
    distribution: 'normal',
    source: 'Glorot & Bengio 2010',
  },
  glorotUniform: {
    formula: 'U(±√(6/(fanIn+fanOut)))',
    torch: 'init.xavier_uniform_',
    variance: glorot,
    distribution: 'uniform',
    source: 'Glorot & Bengio 2010',
  },
  lecunNormal: {
    formula: 'N(0, 1/fanIn)',
    torch: "init.kaiming_normal_(nonlinearity='linear')",
    variance: lecun,
    distribution: 'normal',
    source: 'LeCun et al. 1998',
  },
  lecunUniform: {
    formula: 'U(±√(3/fanIn))',
    torch: "init.kaiming_uniform_(nonlinearity='linear')",
    variance: lecun,
    distribution: 'uniform',
    source: 'LeCun et al. 1998',
  },
  /**
   * A draw beyond two deviations is drawn again. The variance of those that are left is LeCun's, as in JAX.
   */
  truncatedNormal: {
    formula: 'N(0, 1/fanIn) without draws beyond two deviations',
    torch: 'init.trunc_normal_',
    variance: lecun,
    distribution: 'truncated',
    source: 'LeCun et al. 1998',
  },
  orthogonal: {
    formula: 'orthonormal rows or columns',
    torch: 'init.orthogonal_',
    variance: unused,
    distribution: 'orthogonal',
    source: 'Saxe et al. 2014',
  },
  constant: {
    formula: 'initConstant',
    torch: 'init.constant_',
    variance: unused,
    distribution: 'constant',
    source: '',
  },
  zeros: { formula: '0', torch: 'init.zeros_', variance: unused, distribution: 'zeros', source: '' },
} as const satisfies Record<string, Initializer>;

export type InitializerName = keyof typeof INITIALIZERS;
export const INITIALIZER_NAMES = Object.keys(INITIALIZERS) as InitializerName[];

/** Tells a distribution what it needs to know to fill a parameter. */
interface Fill {
  readonly deviation: number;
  readonly stream: Stream;
  /** Rows of the parameter as a matrix. */
  readonly rows: number;
  readonly constant: number;
}

/** The deviation of a standard normal distribution that is cut off at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

export const FILLS = {
  /** A uniform distribution on [−a, a] has variance a²/3. */
  uniform(values: FloatArray, { deviation, stream }: Fill): void {
    const limit = deviation * Math.sqrt(3);
    for (let i = 0; i < values.length; i++) values[i] = limit * (2 * stream.uniform() - 1);
  },
  normal(values: FloatArray, { deviation, stream }: Fill): void {
    const draw = normalDraws(stream, deviation);
    for (let i = 0; i < values.length; i++) values[i] = draw();
  },
  truncated(values: FloatArray, { deviation, stream }: Fill): void {
    const untruncated = deviation / TRUNCATED_DEVIATION;
    const draw = normalDraws(stream, untruncated);
    for (let i = 0; i < values.length; i++) {
      do values[i] = draw();
      while (Math.abs(values[i]) > 2 * untruncated);
    }
  },
  /**
   * Fills a matrix whose rows or columns, whichever are fewer, are orthonormal. They are normal draws, which
   * prefer no direction, made orthonormal by Gram and Schmidt's method.
   */
  orthogonal(values: FloatArray, { stream, rows }: Fill): void {
    const columns = values.length / rows;
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const draw = normalDraws(stream);
    const vectors: Float64Array[] = [];
    for (let k = 0; k < count; k++) {
      const vector = Float64Array.from({ length }, draw);
      for (const other of vectors) {
        let product = 0;
        for (let i = 0; i < length; i++) product += vector[i] * other[i];
        for (let i = 0; i < length; i++) vector[i] -= product * other[i];
      }
      const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      vectors.push(vector.map((value) => value / norm));
    }
    vectors.forEach((vector, k) => {
      vector.forEach((value, i) => {
        values[rows < columns ? k * columns + i : i * columns + k] = value;
      });
    });
  },
  constant(values: FloatArray, { constant }: Fill): void {
    values.fill(constant);
  },
  zeros(): void {}, // the block is zeroed before any parameter is filled
};

/**
 * Returns a source of normal draws by Marsaglia's polar method: two of them from a uniform point of the unit
 * disc.
 */
function normalDraws(stream: Stream, deviation = 1): () => number {
  let second: number | null = null;
  return () => {
    if (second !== null) {
      const draw = second;
      second = null;
      return draw;
    }
    let u: number;
    let v: number;
    let s: number;
    do {
      u = 2 * stream.uniform() - 1;
      v = 2 * stream.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = deviation * Math.sqrt((-2 * ln(s)) / s);
    second = v * factor;
    return u * factor;
  };
}
