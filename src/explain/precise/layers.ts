/**
 * The forward pass of each kind of layer with 31 digits, written as its definition (lecture, sections 2 and
 * 4).
 */
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type Activation,
  type ActivationName,
} from '../../network/activations.js';
import { GATES, type GateName } from '../../network/layers/gate.js';
import { neighbours } from '../../network/layers/max.js';
import { normalQuantile } from '../../random.js';
import { PRECISE_ACTIVATIONS } from './activations.js';
import { precisePower } from './divergences.js';
import { type DoubleDouble, preciseOf, preciseSum, ZERO } from './doubledouble.js';
import {
  argumentOf,
  drawsOf,
  eachRow,
  eachUnit,
  type Forward,
  parameterOf,
  type Task,
  type Values,
} from './task.js';

const mean = (values: Values) => preciseSum(values).over(values.length);
const squares = (values: Values) => preciseSum(values.map((value) => value.times(value)));
/** Returns (x − mean) / √(var + ε). */
function normalised(values: Values, eps: number): Values {
  const centre = mean(values);
  const distances = values.map((value) => value.minus(centre));
  const deviation = squares(distances).over(values.length).plus(eps).sqrt();
  return distances.map((distance) => distance.over(deviation));
}

/**
 * Computes z = xW + b. Once it is known for unchanged numbers, only what changed is added, which 31 digits
 * allow: Σ w·Δx for each changed input, and x·Δw for each changed weight. In float64 that is a hundred times
 * faster, and leaves the difference 15 digits unless its terms cancel.
 */
function affine(task: Task): Values {
  const { layer, arrays, rows, x, before, quick, changes } = task;
  const { inputs: K, outputs: N } = layer;
  const [w, b] = arrays.parameters;
  const factor = argumentOf<{ ntk: boolean }>(task).ntk ? 1 / Math.sqrt(K) : 1;
  const start = b ? Array.from(b, preciseOf) : new Array<DoubleDouble>(N).fill(ZERO);
  const z = before ? [...before.y] : Array.from({ length: rows }, () => start).flat();
  for (let r = 0; r < rows; r++) {
    const sums = new Float64Array(N); // what changes, where float64 is good enough for it
    for (let k = 0; k < K; k++) {
      const i = r * K + k;
      if (before && before.x[i] === x[i]) continue;
      const change = (before ? x[i].minus(before.x[i]) : x[i]).times(factor);
      if (change.high === 0) continue;
      if (before && quick) for (let n = 0; n < N; n++) sums[n] += change.high * w[k * N + n];
      else for (let n = 0; n < N; n++) z[r * N + n] = z[r * N + n].plus(change.times(w[k * N + n]));
    }
    for (const [n, sum] of sums.entries()) if (sum !== 0) z[r * N + n] = z[r * N + n].plus(sum);
  }
  const [weightChanges, biasChanges = []] = changes;
  for (let r = 0; r < rows; r++) {
    for (const [index, step] of weightChanges) {
      const at = r * N + (index % N);
      z[at] = z[at].plus(x[r * K + Math.floor(index / N)].times(factor * step));
    }
    for (const [n, step] of biasChanges) z[r * N + n] = z[r * N + n].plus(step);
  }
  return z;
}

function scalar(name: ActivationName): Forward {
  const { parameter }: Activation = ACTIVATIONS[name];
  return (task) => {
    const given = parameter && argumentOf<Record<string, number>>(task)[parameter.name];
    return eachUnit(task, (z) => PRECISE_ACTIVATIONS[name](z, given ?? parameter?.default ?? 0));
  };
}

function gated(name: GateName): Forward {
  return (task) =>
    eachRow(task, (x) => {
      const half = x.length / 2;
      return x.slice(0, half).map((a, n) => a.times(PRECISE_ACTIVATIONS[GATES[name]](x[half + n], 0)));
    });
}

function record<Name extends string>(names: readonly Name[], make: (name: Name) => Forward) {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Forward>;
}

function softmaxOf(x: Values): Values {
  const largest = x.reduce((a, b) => (b.exceeds(a) ? b : a));
  const powers = x.map((value) => value.minus(largest).exp());
  const sum = preciseSum(powers);
  return powers.map((power) => power.over(sum));
}

/** Normalises each unit over the rows of each shard, or outside training by the running statistics. */
function batchNorm(task: Task): Values {
  const { eps = 0 } = argumentOf<{ eps: number }>(task);
  const {
    x,
    pass,
    layer: { inputs: N },
  } = task;
  const [gamma, beta, average, variance] = [0, 1, 2, 3].map((which) => parameterOf(task, which));
  const running = (value: DoubleDouble, n: number) =>
    value.minus(average[n]).over(variance[n].plus(eps).sqrt());
  const y = [...x];
  const shards = pass.subtrees.flatMap(({ bounds, first, last }) =>
    Array.from({ length: last - first }, (_, s) => [bounds[first + s], bounds[first + s + 1]]),
  );
  for (const [from, to] of shards) {
    for (let n = 0; n < N; n++) {
      const column = Array.from({ length: to - from }, (_, r) => x[(from + r) * N + n]);
      const batch = pass.training && column.length > 1;
      const normal = batch ? normalised(column, eps) : column.map((value) => running(value, n));
      for (const [r, value] of normal.entries()) y[(from + r) * N + n] = gamma[n].times(value).plus(beta[n]);
    }
  }
  return y;
}

/** Multiplies powers of a row's inputs, with learned exponents or given ones. */
function product(task: Task): Values {
  const { exponents } = argumentOf<{ exponents: number[][] }>(task);
  if (exponents) {
    return eachRow(task, (x) =>
      exponents.map((row) =>
        row.reduce((value, alpha, k) => value.times(precisePower(x[k], alpha)), preciseOf(1)),
      ),
    );
  }
  const alpha = parameterOf(task, 0);
  const { outputs } = task.layer;
  return eachRow(task, (x) => {
    const logs = x.map((value) => value.ln());
    return Array.from({ length: outputs }, (_, j) =>
      preciseSum(logs.map((log, k) => log.times(alpha[k * outputs + j]))).exp(),
    );
  });
}

function embedding(task: Task): Values {
  const { columns = [] } = argumentOf<{ columns: { categories: number; size: number }[] }>(task);
  const tables = columns.map((_, c) => parameterOf(task, c));
  const from = task.layer.inputs - columns.length;
  return eachRow(task, (x) => [
    ...x.slice(0, from),
    ...columns.flatMap(({ categories, size }, c) => {
      const code = x[from + c].high;
      const known = code < categories;
      return Array.from({ length: size }, (_, n) => (known ? tables[c][code * size + n] : ZERO));
    }),
  ]);
}

function periodic(task: Task): Values {
  const {
    columns: C = 0,
    frequencies: F = 0,
    outputs: V = 0,
  } = argumentOf<{
    columns: number;
    frequencies: number;
    outputs: number;
  }>(task);
  const [w, b, a, c] = [0, 1, 2, 3].map((which) => parameterOf(task, which));
  return eachRow(task, (x) => {
    const embedded = x.slice(0, C).flatMap((value, j) => {
      const cosines = Array.from({ length: F }, (_, f) =>
        value
          .times(w[j * F + f])
          .times(2 * Math.PI)
          .plus(b[j * F + f])
          .cos(),
      );
      const values = Array.from({ length: V }, (_, v) =>
        preciseSum(cosines.map((cosine, f) => cosine.times(a[(j * V + v) * F + f]))).plus(c[j * V + v]),
      );
      return [value, ...values];
    });
    return [...embedded, ...x.slice(C)];
  });
}

/** Draws a slope for z < 0 in training, and takes the mean of all slopes otherwise. */
function randomisedRelu(task: Task): Values {
  const { lower = 0, upper = 0 } = argumentOf<{ lower: number; upper: number }>(task);
  const draws = task.pass.training ? drawsOf(task) : null;
  return eachUnit(task, (x, i) =>
    x.high >= 0 ? x : x.times(draws ? lower + draws[i] * (upper - lower) : (lower + upper) / 2),
  );
}

/** The forward pass of every kind of layer. */
export const PRECISE_LAYERS: Readonly<Record<string, Forward>> = {
  ...record(ACTIVATION_NAMES, scalar),
  ...record(Object.keys(GATES) as GateName[], gated),
  dense: affine,
  batchNorm,
  product,
  embedding,
  periodic,
  rrelu: randomisedRelu,
  softmax: (task) => eachRow(task, softmaxOf),
  logSoftmax: (task) => eachRow(task, (x) => softmaxOf(x).map((value) => value.ln())),
  dropout(task) {
    if (!task.pass.training) return task.x;
    const p = (argumentOf<{ p: number }>(task).p ?? 0) * (task.pass.dropoutFactor ?? 1);
    const draws = drawsOf(task);
    return eachUnit(task, (x, i) => (draws[i] >= p ? x.times(1 / (1 - p)) : ZERO));
  },
  noise(task) {
    if (!task.pass.training) return task.x;
    const { deviation = 0 } = argumentOf<{ deviation: number }>(task);
    const draws = drawsOf(task);
    return eachUnit(task, (x, i) => x.plus(deviation * normalQuantile(draws[i] + 2 ** -25)));
  },
  layerNorm(task) {
    const { eps = 0, affine: learned } = argumentOf<{ eps: number; affine: boolean }>(task);
    if (!learned) return eachRow(task, (x) => normalised(x, eps));
    const [gamma, beta] = [parameterOf(task, 0), parameterOf(task, 1)];
    return eachRow(task, (x) => normalised(x, eps).map((value, n) => gamma[n].times(value).plus(beta[n])));
  },
  l2Norm(task) {
    const { eps = 0 } = argumentOf<{ eps: number }>(task);
    return eachRow(task, (x) => {
      const length = squares(x).sqrt().atLeast(eps);
      return x.map((value) => value.over(length));
    });
  },
  scale(task) {
    const a = parameterOf(task, 0);
    return eachUnit(task, (x, i) => x.times(a[i % a.length]));
  },
  prelu(task) {
    const a = parameterOf(task, 0);
    return eachUnit(task, (x, i) => (x.high > 0 ? x : x.times(a[(i % task.layer.outputs) % a.length])));
  },
  parametric(task) {
    const { activation = 'identity' } = argumentOf<{ activation: ActivationName }>(task);
    const { parameter }: Activation = ACTIVATIONS[activation];
    const a = parameterOf(task, 0);
    return eachUnit(task, (x, i) => {
      const f = PRECISE_ACTIVATIONS[activation](x, parameter?.default ?? 0);
      return x.plus(f.minus(x).times(a[i % a.length]));
    });
  },
  groupMax(task) {
    const { inputs, outputs } = task.layer;
    const { groups = neighbours(inputs, inputs / outputs) } = argumentOf<{ groups: number[][] }>(task);
    return eachRow(task, (x) =>
      groups.map((group) => group.map((i) => x[i]).reduce((a, b) => (b.exceeds(a) ? b : a))),
    );
  },
  maxout: ({ branches: [inner] }) => inner,
  residual: ({ x, branches: [inner] }) => x.map((value, i) => value.plus(inner[i])),
  add: ({ branches: [first, ...others] }) =>
    first.map((value, i) => others.reduce((sum, other) => sum.plus(other[i]), value)),
  multiply: ({ branches: [first, ...others] }) =>
    first.map((value, i) => others.reduce((result, other) => result.times(other[i]), value)),
  concat(task) {
    const { branches, rows } = task;
    const row = (values: Values, r: number) => {
      const width = values.length / rows;
      return values.slice(r * width, (r + 1) * width);
    };
    return Array.from({ length: rows }, (_, r) => branches.flatMap((branch) => row(branch, r))).flat();
  },
};
