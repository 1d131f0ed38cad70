/** Networks on which the lecture is played: with branches, with every special case, and large ones. */

export const BRANCHES = {
  layers: [
    { dense: 3 },
    'tanh',
    { residual: [{ dense: 3 }, 'tanh'] },
    { concat: [[{ dense: 2 }, 'relu'], [{ dense: 2 }]] },
    { dense: 2 },
    'sigmoid',
  ],
  loss: 'squaredError',
  explain: { input: [0.5, -0.3], target: [0, 1] },
};

/** Maxout, a gate, powers, softmax; z_1(1) lies at the kink of ReLU, and z_1(6) and z_2(6) tie. */
export const SPECIAL = {
  layers: [
    { dense: 4 },
    'relu',
    { maxout: { units: 2, pieces: 2 } },
    { dense: 4 },
    'glu',
    'softplus',
    {
      product: {
        exponents: [
          [1, 1],
          [2, 0.5],
          [1, 0],
        ],
      },
    },
    { dense: 4 },
    { groupMax: 2 },
    { dense: 3 },
    'softmax',
  ],
  loss: 'crossEntropy',
  explain: {
    input: [1, 2],
    target: 1,
    weights: [
      [
        [-2, 0.1, 0.2, -0.3],
        [0, 0.4, 0.5, 0.6],
        [1, -0.5, 0.3, 0.2],
      ],
      [
        [0.1, 0.2, 0.3, 0.4],
        [0.3, 0.4, 0.5, 0.6],
        [0.3, -0.5, 0.3, 0.2],
      ],
      [
        [0.1, 0.1, 0.3, 0.4],
        [0.3, 0.3, 0.5, 0.6],
        [0.3, 0.3, 0.3, 0.2],
        [0.2, 0.2, 0.3, 0.2],
      ],
      [
        [0.1, 0.1, 0.3],
        [0.3, 0.3, 0.5],
        [0.3, 0.1, 0.4],
      ],
    ],
  },
};

const input = (width: number) => Array.from({ length: width }, (_, i) => ((i * 37) % 19) / 19 - 0.3);

/** The first layer has more weights than a page has room for. */
export const LARGE = {
  layers: [{ dense: 512 }, 'relu', { dense: 40 }, 'relu', { dense: 10 }, 'softmax'],
  loss: 'crossEntropy',
  explain: { input: input(160), target: 3 },
};

export const TANH = {
  layers: [{ dense: 50 }, 'tanh', { dense: 2 }],
  loss: 'squaredError',
  explain: { input: input(20), target: [0.1, 0.2] },
};
