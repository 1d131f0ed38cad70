/**
 * Lists the stretches of the lecture's slides, each with the command that shows it on a file in examples/.
 */
import { didYouMean } from '../didyoumean.js';
import { UsageError } from '../errors.js';

/** A station of the tour: what some slides say, and what to type and look at. */
export interface Station {
  readonly name: string;
  /** The first and the last slide; null where they come after slide 100. */
  readonly slides: readonly [first: number, last: number] | null;
  readonly title: string;
  /** What stands after `gradpool` on the command line. */
  readonly command: readonly string[];
  readonly look: string;
}

const station = (
  slides: Station['slides'],
  name: string,
  title: string,
  command: string,
  look: string,
): Station => ({ slides, name, title, command: command.split(' '), look });

const WORKED = 'examples/lecture-2-2-2.yaml';
const own = (name: string) => `examples/lecture/${name}.yaml`;

/** All stations, in the order of the slides; together they cover slides 25 to 100. */
export const TOUR: readonly Station[] = [
  station(
    [25, 25],
    'derivative',
    'The derivative: a small change of x changes y by about dy/dx times as much.',
    `explain ${own('derivative')} --perturb x1=1e-3`,
    'The last lines: "predicted" is the derivative times 1e-3, "actual" is what Div really does. The Taylor slope of 2 says that the distance between the two shrinks with the square of the step. Try --perturb x1=1 and --perturb x2=1e-3 too.',
  ),
  station(
    [26, 26],
    'chain-rule',
    'The chain rule: for y = f(g(x)), dy/dx = dy/dg * dg/dx. There is one unit in each layer.',
    `explain ${own('chain-rule')} --weight x1`,
    'The line "paths": there is only one from x_1 to Div, and the derivative is the product along it.',
  ),
  station(
    [27, 28],
    'distributed-chain-rule',
    'The distributed chain rule: x acts on y = f(g_1(x), g_2(x), g_3(x)) through each g_i.',
    `explain ${own('distributed-chain-rule')} --weight x1`,
    'The line "paths": there is one through each z_i(1), and the derivative by x_1 is the sum of their products.',
  ),
  station(
    [29, 29],
    'influence',
    'The influence diagram: variables are nodes, and each edge carries a derivative.',
    `explain ${own('distributed-chain-rule')} --diagram influence.svg`,
    'The drawing in influence.svg: x_1 leads to Div by three ways.',
  ),
  station(
    [30, 30],
    'perturbation',
    'A small change of x changes each g_i a little, and each of them adds to the change of y.',
    `explain ${own('distributed-chain-rule')} --perturb x1=1e-3`,
    'The lines below "perturb": the share that each z_i(1) has in the predicted change, which is their sum.',
  ),
  station(
    [31, 32],
    'weight',
    'What is wanted: the derivative of Div by each weight of a network.',
    `explain ${WORKED} --perturb w[2][1,1]=1e-3`,
    'The line "perturb": dDiv/dw_11(2) = 0.0821670 predicts what a change of this weight does to Div.',
  ),
  station(
    [33, 38],
    'network',
    'The network with its sums and its activations apart; a bias is a weight from y_0 = 1.',
    `explain ${WORKED} --diagram network.svg`,
    'The drawing in network.svg: z_j and y_j are nodes of their own, and the dashed y_0 leads to each z_j.',
  ),
  station(
    [39, 49],
    'forward',
    'The forward pass: each z_j is a sum of w_ij y_i from i = 0 on, and y_j = f(z_j).',
    `explain ${WORKED} --steps`,
    'Steps 1 to 4, with the numbers put in: z(1) = (0.3775, 0.3925), then y(1), z(2) and y(2) = (0.75137, 0.77293).',
  ),
  station(
    [50, 62],
    'order',
    'The order of computation: Div, then backwards dy(N), dz(N), dw(N), dy(N-1), and so on to layer 1.',
    `explain ${WORKED} --steps`,
    'Steps 5 to 11: each uses only what earlier steps have computed, and the values that the forward pass has kept.',
  ),
  station(
    [63, 87],
    'backward',
    'The backward pass beside the forward pass, of which it is the mirror image.',
    `explain ${WORKED}`,
    'The two columns, one read down and one read up, and beside each derivative its difference quotient and OK.',
  ),
  station(
    [88, 88],
    'paths',
    'A weight of the first layer acts on Div through every output.',
    `explain ${WORKED} --weight w[1][1,1]`,
    'The line "paths": 0.00066840 through z_1(2) and -0.00022983 through z_2(2) make 0.00043857.',
  ),
  station(
    [89, 94],
    'gradient',
    'The whole gradient, checked: each derivative against a difference quotient.',
    `gradcheck ${WORKED}`,
    'The largest relative error of all derivatives, which is far below 1e-7.',
  ),
  station(
    [95, 95],
    'special-cases',
    'The special cases in one network: kinks, inputs that are multiplied, units that act on one another.',
    `explain ${own('special-cases')}`,
    'Layer 1, where z_4 = 0 lies on the kink of ReLU and "a kink" accepts its subgradient; layer 2, where pairs are multiplied; layer 3, whose softmax has a Jacobian in place of slopes.',
  ),
  station(
    [96, 96],
    'softmax',
    'A vector activation: with softmax every z_i acts on every y_j.',
    `explain ${own('softmax')}`,
    'The Jacobian: its entry (j, i) is y_j (1 - y_j) where i = j and -y_j y_i elsewhere, and each row sums to 0. The line "fused" shows that training computes the same dz as y - d, in one step.',
  ),
  station(
    [97, 97],
    'fewer-outputs',
    'A vector activation with fewer outputs than inputs: four z in, two y out.',
    `explain ${own('fewer-outputs')}`,
    'The Jacobian: a row for each of the two y_j, a column for each of the four z_i. GLU multiplies the first half of z by the sigmoid of the second half.',
  ),
  station(
    [98, 98],
    'more-outputs',
    'A vector activation with more outputs than inputs: two z in, three y out.',
    `explain ${own('more-outputs')}`,
    'The Jacobian: three rows and two columns. The outputs are z_1 squared, z_1 z_2 and z_2 squared.',
  ),
  station(
    [99, 100],
    'jacobian',
    'The derivative of a vector activation: dz_i = sum_j dy_j dy_j/dz_i; a scalar activation is the diagonal case.',
    `explain ${own('softmax')} --steps`,
    'The step "dDiv/dz(1)": each dDiv/dz_i is a sum over all outputs, where a sigmoid would have a single term.',
  ),
  station(
    null,
    'products',
    'Multiplicative combination: for o = y_1 y_2, dDiv/dy_1 = y_2 dDiv/do and the other way round.',
    `explain ${own('products')}`,
    'The Jacobian of the product: its row holds z_2 and z_1. z_2 is exactly 0, and the derivative by it is right all the same, which o / z_2 would not be.',
  ),
  station(
    null,
    'gates',
    'Gates: SwiGLU multiplies one half of z by silu of the other half.',
    `explain ${own('gates')} --perturb w[1][1,3]=1e-3`,
    'The Jacobian: y_1 depends on z_1 and its gate z_3 alone, y_2 on z_2 and z_4.',
  ),
  station(
    null,
    'relu',
    'A subgradient: ReLU at z = 0, where the lecture takes the slope 1 and PyTorch the slope 0.',
    `explain ${own('relu')} --perturb x1=1e-3`,
    'f\' of layer 1: z_1 = 0 has the slope 1 because the file says atZero: 1; without it the slope is 0. Any slope from 0 to 1 is a subgradient, and "a kink" says that it was accepted as one.',
  ),
  station(
    null,
    'max',
    'Maxima over subsets that overlap: dy_j/dz_i is 1 for the largest z_i of subset j and 0 for the others.',
    `explain ${own('max')}`,
    'The Jacobian: each row holds a single 1. z_1 and z_2 are equal, and the tie goes to the first, which "a kink" says.',
  ),
  station(
    null,
    'threshold',
    'The threshold: its derivative is 0 wherever it has one, so nothing comes back through it.',
    `explain ${own('threshold')}`,
    "f' of layer 1 and all derivatives by its weights are 0. gradpool train refuses such a network, and says what to take instead.",
  ),
  station(
    null,
    'perceptron',
    'The perceptron: threshold units that pass 1 back, which with half the squared error is w <- w + lr (d - y) x.',
    `train -c ${own('perceptron')}`,
    'The accuracy: each of three clusters is told from the others by a straight line.',
  ),
  station(
    null,
    'loop',
    'Training, literally: sum dDiv/dw over all T rows, then w <- w - (lr/T) dLoss/dw, until the loss has converged.',
    `train -c ${own('loop')}`,
    'The last lines: the loop ends when the loss changes by less than 1e-5 from one pass to the next, with all rows of XOR right.',
  ),
];

/** Writes which slides a station shows: 'slide 25', 'slides 27 to 28', 'after slide 100'. */
export function slidesText({ slides }: Pick<Station, 'slides'>): string {
  if (slides === null) return 'after slide 100';
  const [first, last] = slides;
  return first === last ? `slide ${first}` : `slides ${first} to ${last}`;
}

/**
 * Finds a station by its name or by the number of a slide.
 * @throws UsageError that says which there are
 */
export function stationNamed(text: string): Station {
  const slide = /^\d+$/.test(text) ? Number(text) : null;
  const found = TOUR.find(({ name, slides }) =>
    slide === null ? name === text : slides !== null && slide >= slides[0] && slide <= slides[1],
  );
  if (found) return found;
  if (slide !== null) throw new UsageError(`--tour ${text}: the tour has slides 25 to 100`);
  const names = TOUR.map(({ name }) => name);
  const near = didYouMean(text, names) || '; gradpool explain --tour lists the stations';
  throw new UsageError(`--tour ${text}: there is no such station${near}`);
}
