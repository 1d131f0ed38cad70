/** The presets realmlp and realmlp-s: pytabkit's values, the published layers, and trainings of tables. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';
import { UsageError } from '#src/errors.js';
import { settledConfig } from '#src/run/newplan.js';
import { resume, train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions, withRows } from '#src/train/config.js';
import type { EndEvent, StartEvent, TrainEvent } from '#src/train/events.js';
import { UNTIL_EPOCHS } from '#src/train/until.js';
import { newTrainer } from '../support/train.js';

const GRADPOOL = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
const VARIANTS = ['realmlp', 'realmlp-s'] as const;

let folder: string;
let table: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-realmlp-'));
  table = join(folder, 'flowers.csv');
  const lines = Array.from({ length: 150 }, (_, i) => {
    const [a, b] = [((i * 37) % 101) / 10, ((i * 53) % 89) / 10];
    const kind = ['low', 'middle', 'high'][Math.min(2, Math.floor((a + b) / 7))];
    const place = 'abcdefghijkl'[i % 12];
    return `${a},${b},${i % 3 ? 'yes' : 'no'},${place}${place},${kind},${(3 * a - b).toFixed(2)}`;
  });
  writeFileSync(table, ['a,b,flag,place,kind,y', ...lines].join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Preset = (typeof VARIANTS)[number];
const optionsOf = (preset: Preset, target: 'kind' | 'y', more: Partial<TrainOptions> = {}): TrainOptions => ({
  data: table,
  target,
  drop: [target === 'kind' ? 'y' : 'kind'],
  preset,
  workers: 0,
  ...more,
});

const facts = { rows: 1000, validated: true, heldBack: true } as const;
const configOf = (preset: Preset, problemType: 'classification' | 'regression', more = {}) =>
  resolveConfig({ data: table, preset, ...more }, { ...facts, problemType });

async function planned(options: TrainOptions) {
  const data = await loadTrainingData(withRows(resolveConfig(options), options));
  const trainer = newTrainer(data, settledConfig(options, data));
  await trainer.close();
  return { plan: trainer.plan, memory: trainer.memory };
}

async function run(events: AsyncGenerator<TrainEvent>) {
  const seen: TrainEvent[] = [];
  for await (const event of events) seen.push(event);
  return { start: seen[0] as StartEvent, end: seen.at(-1) as EndEvent };
}

/** RealMLP_TD_CLASS, _REG, RealMLP_TD_S_CLASS and _REG in pytabkit's default_params.py. */
const PUBLISHED = {
  realmlp: {
    both: {
      architecture: 'realmlp',
      hidden: [256, 256, 256], // hidden_sizes
      dropout: 0.15, // p_drop
      numberEmbedding: 'periodic', // num_emb_type pbld
      weightDecay: 0.02, // wd
      decayBiases: false, // bias_wd_factor 0
      schedules: { weightDecay: 'flatCosine', dropout: 'flatCosine' }, // wd_sched, p_drop_sched
      embedAbove: 8, // max_one_hot_cat_size 9, which counts missing values
      optimizer: 'adamw',
    },
    classification: { activation: 'selu', lr: 0.04, labelSmoothing: 0.1 },
    regression: { activation: 'mish', lr: 0.2, clipPredictions: true, labelSmoothing: 0 }, // clamp_output
  },
  'realmlp-s': {
    both: {
      architecture: 'realmlp-s',
      hidden: [256, 256, 256],
      dropout: 0,
      numberEmbedding: 'none',
      weightDecay: 0,
      optimizer: 'adam',
    },
    classification: { activation: 'selu', lr: 0.04, labelSmoothing: 0.1 },
    regression: { activation: 'mish', lr: 0.07, clipPredictions: false, labelSmoothing: 0 },
  },
} as const;
const COMMON = { epochs: 256, batch: 256, schedule: 'cosLog4', betas: [0.9, 0.95], scaling: 'robust' };

describe.each(VARIANTS)('preset %s', (preset) => {
  it.each(['classification', 'regression'] as const)('has the published values for a %s', (task) => {
    const { both, [task]: own } = PUBLISHED[preset];
    expect(configOf(preset, task)).toMatchObject({ ...COMMON, ...both, ...own });
  });

  it('has the published layers, rates and first outputs', async () => {
    const { plan, memory } = await planned(optionsOf(preset, 'kind'));
    const kinds = plan.layers.map(({ kind }) => kind);
    const tuned = preset === 'realmlp';
    const block = tuned ? ['dense', 'parametric', 'dropout'] : ['dense', 'selu'];
    const front = tuned ? ['embedding', 'periodic', 'scale'] : ['scale'];
    expect(kinds).toEqual([...front, ...block, ...block, ...block, 'dense', 'softmax']);
    // a, b, flag as ±1, and 12 places: a vector of ⌈√12⌉ = 4, or one-hot; each number with 3 values more.
    const inputs = tuned ? 2 * 4 + 1 + 4 : 2 + 1 + 12;
    expect(plan.layers[front.length - 1]).toMatchObject({ kind: 'scale', outputs: inputs });
    const dense = plan.layers.filter(({ kind }) => kind === 'dense');
    expect(dense.map(({ inputs: n, outputs }) => [n, outputs])).toEqual([
      [inputs, 256],
      [256, 256],
      [256, 256],
      [256, 3],
    ]);
    const rates = new Set(memory.groups.map(({ rateFactor }) => rateFactor));
    expect(rates).toEqual(new Set([0.1, 6, 1]));
    expect(memory.groups.some(({ decays }) => !decays)).toBe(tuned);
    const last = memory.layout.views.filter(({ name }) => name.startsWith(`${kinds.lastIndexOf('dense')}.`));
    const values = last.flatMap(({ offset, length }) => [
      ...memory.weights.subarray(offset, offset + length),
    ]);
    expect(values.every((value) => value === 0)).toBe(!tuned);
  });

  it.each(['kind', 'y'] as const)('trains a table of few rows for %s', async (target) => {
    const { start, end } = await run(train(optionsOf(preset, target, { test: 0.2, epochs: 40 })));
    expect(start.notes[0]).toContain(`preset ${preset}: batch `);
    expect(end.baseline!.beaten).toBe(true);
    expect(end.test!.loss).toBeLessThan(target === 'kind' ? 0.8 : 0.4);
    expect(start.network.layers.at(-1)).toEqual(target === 'kind' ? 'softmax' : expect.anything());
  });

  it('gives the same bits for 0 and 2 workers, and when it is resumed', async () => {
    const options = optionsOf(preset, 'kind', { epochs: 6 });
    const whole = await run(train(options, { out: null }));
    const spread = await run(train({ ...options, workers: 2 }, { out: null }));
    expect(spread.end.weightsSha256).toBe(whole.end.weightsSha256);
    const abort = new AbortController();
    const out = join(folder, `stopped-${preset}`);
    for await (const event of train(options, { out, signal: abort.signal })) {
      if (event.type === 'epoch' && event.epoch === 3) abort.abort();
    }
    const resumed = await run(resume(out));
    expect(resumed.end).toMatchObject({ status: 'completed', weightsSha256: whole.end.weightsSha256 });
  });

  it('is beaten by what is given, and keeps nothing that belongs to something else', () => {
    const given = { hidden: [64], activation: 'relu', dropout: 0.3, lr: 0.01, epochs: 9, batch: 50 };
    expect(configOf(preset, 'classification', given)).toMatchObject(given);
    expect(configOf(preset, 'classification', { loss: 'focal' }).labelSmoothing).toBe(0);
    expect(configOf(preset, 'regression', { quantiles: [0.1, 0.9] }).loss).toBe('auto');
    const sgd = configOf(preset, 'regression', { optimizer: 'sgd' });
    expect(sgd).toMatchObject({ weightDecay: 0, architecture: preset });
    expect(sgd.lr).toBeUndefined();
    expect(sgd.schedules?.weightDecay).toBeUndefined();
    expect(configOf(preset, 'regression', { hidden: [] }).schedules?.dropout).toBeUndefined();
    expect(configOf(preset, 'regression', { dropout: 0 }).schedules?.dropout).toBeUndefined();
    const layers = configOf(preset, 'classification', { layers: [{ dense: 3 }, 'softmax'] });
    expect(layers).toMatchObject({ dropout: 0, numberEmbedding: 'none', architecture: 'plain' });
    expect(configOf(preset, 'regression', { until: 'loss<0.1' }).epochs).toBe(UNTIL_EPOCHS);
  });

  it('is for tables alone', () => {
    expect(() => resolveConfig({ data: 'mnist', preset })).toThrow(
      new UsageError(
        `preset ${preset} is for a table, but the data is arrays: take preset images, or leave it out`,
      ),
    );
  });
});

it('the architecture refuses what cannot be trained, and a list of layers beside it', async () => {
  const step = planned(optionsOf('realmlp', 'kind', { activation: 'threshold' }));
  await expect(step).rejects.toThrow(UsageError);
  const layers = [{ dense: 3 }, 'softmax'] as const;
  expect(() => resolveConfig({ data: table, layers, architecture: 'realmlp' })).toThrow(
    /leave out hidden, activation, dropout, numberEmbedding and architecture/,
  );
});

it('--print-config shows what depends on the task, and runs store what it came to', async () => {
  const flags = ['train', table, '-t', 'kind', '--preset', 'realmlp', '--dropout', '0.2', '--print-config'];
  const printed = execFileSync(process.execPath, [GRADPOOL, ...flags], { encoding: 'utf8' });
  expect(printed).toMatch(/^architecture: realmlp +# preset realmlp$/m);
  expect(printed).toMatch(/^schedule: cosLog4 +# preset realmlp$/m);
  expect(printed).toMatch(/^dropout: 0.2 +# --dropout$/m);
  expect(printed).toMatch(/^# lr: +# preset realmlp: 0.04 for classification, 0.2 for regression$/m);
  const { start } = await run(train(optionsOf('realmlp', 'y', { epochs: 1 }), { out: null }));
  expect(start.config).toMatchObject({ activation: 'mish', lr: 0.2, architecture: 'realmlp' });
});
