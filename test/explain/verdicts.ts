/**
 * Trains many networks of all kinds, lets `explain` and `gradcheck` judge their derivatives, and then makes
 * one layer's derivatives wrong by 1e-5: what is right must never be called wrong, and what is wrong must be
 * noticed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '#src/errors.js';
import { explain } from '#src/explain/explain.js';
import { withScaledDerivatives } from '#src/explain/gradcheck.js';
import { gradcheckNetwork } from '#src/explain/ownnetwork.js';
import { openSubject, type Subject } from '#src/explain/subject.js';
import type { Derivative } from '#src/explain/trace.js';
import { ACTIVATION_NAMES } from '#src/network/activations.js';
import { DIVERGENCE_NAMES } from '#src/network/divergences.js';
import type { UncheckedLayer } from '#src/network/kind.js';
import type { LayerSpec } from '#src/network/spec.js';
import { Stream } from '#src/random.js';
import { train } from '#src/run/train.js';

const ROWS = 10;
const CLASSES = ['xor', 'parity', 'spirals', 'moons', 'circles', 'blobs', 'iris'];
const REGRESSIONS = ['sine'];
const RATES = [1e-3, 1e-2, 0.1, 0.5, 3];
const EPOCHS = [1, 3, 10, 60, 300];

/** Layers between two dense ones. */
const BETWEEN: UncheckedLayer[][] = [
  [],
  ['layerNorm'],
  ['batchNorm'],
  [{ dropout: 0.3 }],
  ['softmax'],
  ['swiglu'],
  ['l2Norm'],
  [{ maxout: { units: 4, pieces: 2 } }],
  [{ residual: [{ dense: 4 }, 'tanh', { dense: 8 }] }],
  ['prelu'],
  [{ groupMax: 2 }],
  ['reglu', 'scale'],
  ['rrelu'],
  [{ multiply: [[{ dense: 4 }], [{ dense: 4 }, 'sigmoid']] }],
  ['softplus', { product: 3 }],
  [{ noise: 0.1 }],
  [{ parametric: 'selu' }],
];

/** What was found about all networks. */
export interface Verdicts {
  readonly networks: number;
  readonly compared: number;
  readonly small: number;
  /** Right derivatives that were called wrong. */
  readonly falselyWrong: string[];
  readonly wrong: { caught: number; small: number; missed: string[] };
}

/**
 * Trains the networks that come first in a fixed list and judges them; `data` are further sources of rows.
 * Of `parts` processes that share the list, the one with number `part` takes every `parts`-th network.
 */
export async function verdicts(
  networks: number,
  data: readonly string[] = [],
  { part = 0, parts = 1 } = {},
): Promise<Verdicts> {
  const found: Verdicts & { networks: number; compared: number; small: number } = {
    networks: 0,
    compared: 0,
    small: 0,
    falselyWrong: [],
    wrong: { caught: 0, small: 0, missed: [] },
  };
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-verdicts-'));
  try {
    for (let i = part; found.networks < networks; i += parts) {
      const subject = await trained(i, join(folder, `${i}`), data);
      if (subject === null) continue;
      found.networks++;
      judgeNetwork(i, subject, found);
      rmSync(join(folder, `${i}`), { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

const described = (i: number, { layers, loss, instance }: Subject) =>
  `${i}: ${instance}, ${layers.map(({ kind }) => kind).join(' ')}, ${loss}`;

/** Trains network i of the list; null where the combination makes no sense or diverges. */
async function trained(i: number, out: string, data: readonly string[]): Promise<Subject | null> {
  const stream = new Stream(17, 99, i);
  const pick = <T>(list: readonly T[]): T => list[stream.below(list.length)];
  const activation = ACTIVATION_NAMES[i % ACTIVATION_NAMES.length];
  const loss = DIVERGENCE_NAMES[Math.floor(i / ACTIVATION_NAMES.length + i) % DIVERGENCE_NAMES.length];
  const source = data.length > 0 && i % 4 === 3 ? pick(data) : pick(i % 3 === 0 ? REGRESSIONS : CLASSES);
  const large = source === 'mnist';
  const hidden: UncheckedLayer[] = [{ dense: large ? 32 : 8 }, activation, ...(large ? [] : pick(BETWEEN))];
  const epochs = large ? pick([1, 2]) : pick(EPOCHS);
  try {
    const training = train(
      {
        data: source,
        ...(stream.below(2) === 0
          ? { hidden: [8, 6], activation }
          : { layers: await endOf(source, hidden, loss) }),
        loss,
        epochs: source === 'blobs' || source === 'moons' ? Math.min(epochs, 10) : epochs,
        lr: pick(RATES),
        optimizer: pick(['sgd', 'adam']),
        seed: i,
        workers: 0,
      } as never,
      { out },
    );
    for await (const event of training) void event;
    return await openSubject({ path: out, rows: ROWS });
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Ends a network in as many outputs as the source has targets, and in the activation that the loss wants. */
async function endOf(source: string, hidden: UncheckedLayer[], loss: string): Promise<LayerSpec[]> {
  const outputs =
    { iris: 3, blobs: 3, mnist: 10 }[source] ?? (loss === 'crossEntropy' || loss === 'focal' ? 2 : 1);
  const last: Record<string, string[]> = {
    crossEntropy: ['softmax'],
    focal: ['softmax'],
    kl: ['softmax'],
    nll: ['logSoftmax'],
    binaryCrossEntropy: ['sigmoid'],
    poisson: ['exp'],
  };
  return [
    ...hidden,
    { dense: loss === 'nll' ? Math.max(2, outputs) : outputs },
    ...(last[loss] ?? []),
  ] as LayerSpec[];
}

function judgeNetwork(
  i: number,
  subject: Subject,
  found: { compared: number; small: number; falselyWrong: string[]; wrong: Verdicts['wrong'] },
): void {
  const name = described(i, subject);
  const rows = Array.from({ length: subject.rows }, (_, r): Subject => {
    const part = (values: Float64Array) => {
      const width = values.length / subject.rows;
      return values.slice(r * width, (r + 1) * width);
    };
    return { ...subject, rows: 1, x: part(subject.x), d: part(subject.d) };
  });
  const { layers } = subject;
  const chosen = new Stream(18, 99, i).below(layers.length);
  const last = layers[chosen].parameters.length > 0 ? chosen : chosen - 1;
  let told = false;
  for (const [r, row] of rows.entries()) {
    const { trace } = explain(row);
    found.compared += trace.compared;
    found.small += trace.small;
    told ||= trace.layers.some(({ weights }) => weights.some((one) => feels(one, last)));
    for (const failure of trace.failures)
      found.falselyWrong.push(`explain ${name}, row ${r + 1}: ${failure}`);
  }
  const report = gradcheckNetwork(subject);
  found.compared += report.all.parameters;
  found.small += report.all.small;
  for (const failure of report.failures) found.falselyWrong.push(`gradcheck ${name}: ${failure}`);
  const wrongLayers = layers.map((layer, index) =>
    index === chosen ? withScaledDerivatives(layer, 1 + 1e-5) : layer,
  );
  const wrong = rows.map((row) => explain({ ...row, layers: wrongLayers }).trace);
  if (wrong.some(({ failures }) => failures.length > 0)) found.wrong.caught++;
  else if (!told) found.wrong.small++;
  else found.wrong.missed.push(`${name}, layer ${chosen + 1}`);
}

/** Says whether a derivative of a weight becomes wrong, and visibly so, when those of layer `last` do. */
const feels = ({ verdict, derivative, kink, variable: { place } }: Derivative, last: number) =>
  verdict === 'right' && derivative !== 0 && !kink && place.kind === 'parameter' && place.layer <= last;
