/**
 * Hyper-parameters have one record each; configuration, help, `gradpool list` and docs/training.md follow
 * from it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UsageError } from '#src/errors.js';
import { CATALOGUE } from '#src/explain/catalogue.js';
import { type Choice, hyperKeys, hyperShape, hyperValues, valueText } from '#src/hyperparameters.js';
import { betas, eps } from '#src/optim/hyper.js';
import { rule } from '#src/optim/rule.js';
import { hyperParameters, RULE_NAMES, RULES, type UpdateRule } from '#src/optim/rules.js';
import { resolveConfig, restoreConfig, type TrainOptions } from '#src/train/config.js';
import { CHOICES, CONFIG_SHAPE } from '#src/train/configkeys.js';

const MOMENTUM_RULES = new Intl.ListFormat('en-GB').format(
  RULE_NAMES.filter((name) => 'momentum' in RULES[name].hyper),
);

/** What each rule trained with before its hyper-parameters had a record, as computed by that version. */
const EFFECTIVE = {
  sgd: { lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 },
  adam: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  adamw: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  amsgrad: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  nadam: { lr: 0.002, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 0.004 },
  radam: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  adamax: { lr: 0.002, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  lamb: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0 },
  adagrad: { lr: 0.01, lrDecay: 0, eps: 1e-10, weightDecay: 0 },
  adadelta: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 },
  rmsprop: { lr: 0.01, alpha: 0.99, eps: 1e-8, momentum: 0, centered: false, weightDecay: 0 },
  lion: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 },
  rprop: { lr: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50], weightDecay: 0 },
  lbfgs: { lr: 1, historySize: 10, weightDecay: 0 },
};

/** The configuration of every key but those that have no default, of the version before. */
const DEFAULTS = {
  huberDelta: 1,
  focalGamma: 2,
  quantile: 0.5,
  labelSmoothing: 0,
  initConstant: 0,
  nesterov: false,
  rho: 0.9,
  alpha: 0.99,
  centered: false,
  lrDecay: 0,
  momentumDecay: 0.004,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  historySize: 10,
  weightDecay: 0,
  emaDecay: 0.999,
  stepSize: 10,
  gamma: 0.1,
  minFactor: 0,
  power: 1,
  firstCycle: 10,
  cycleMult: 1,
  pctStart: 0.3,
  divFactor: 25,
  finalDivFactor: 10000,
  plateauPatience: 10,
};

const PINNED = Object.keys(EFFECTIVE) as (keyof typeof EFFECTIVE)[];

describe('what a rule trains with', () => {
  it.each(PINNED)('%s: its own defaults, whatever the configuration fills in', (name) => {
    const config = resolveConfig({ data: 'x', optimizer: name, batch: 'all' });
    expect({ lr: RULES[name].lr, ...hyperParameters(name, config) }).toEqual(EFFECTIVE[name]);
  });

  it.each(PINNED)('%s: a value that is given, and nothing else', (name) => {
    const given = { weightDecay: 0.5, rho: 0.25 };
    const expected = {
      ...EFFECTIVE[name],
      weightDecay: 0.5,
      ...('rho' in EFFECTIVE[name] ? { rho: 0.25 } : {}),
    };
    expect({ lr: RULES[name].lr, ...hyperParameters(name, given) }).toEqual(expected);
  });

  it('undefined counts as not given', () => {
    expect(hyperParameters('lion', { betas: undefined }).betas).toEqual([0.9, 0.99]);
  });

  it('the defaults of the configuration are those of the version before', () => {
    const config: Readonly<Record<string, unknown>> = resolveConfig({ data: 'x' });
    const keys = CHOICES.flatMap(hyperKeys).filter((key) => config[key] !== undefined);
    expect(Object.fromEntries(keys.map((key) => [key, config[key]]))).toMatchObject(DEFAULTS);
  });

  it('a step cannot read what its rule does not declare', () => {
    rule({
      formula: '',
      torch: '',
      lr: 1,
      hyper: { betas, eps: { ...eps, default: 1e-3 } },
      slots: ({ eps }) => (eps > 0 ? ['m'] : []),
      // @ts-expect-error rho is no hyper-parameter of this rule
      step(_, __, { betas: [first, second], rho }) {
        return first < second ? rho : undefined;
      },
    });
  });
});

describe('a choice', () => {
  const fraction = z.number().min(0).lt(1);
  const choice = {
    key: 'method',
    default: 'a',
    members: {
      a: { shared: { schema: fraction, default: 0.5, help: 'what all share' } },
      b: {
        own: { schema: fraction, default: 0.1, help: 'something of its own' },
        shared: { schema: fraction, default: 0.5, help: 'what all share' },
      },
      c: {
        own: { schema: fraction, default: 0.2, help: 'something of its own' },
        shared: { schema: fraction, default: 0.5, help: 'what all share' },
      },
    },
  } as const satisfies Choice;
  const shape = hyperShape(choice);

  it('has a key’s default where all members agree, and else leaves it to each member', () => {
    const { shared, own } = z.object(shape).parse({});
    expect([shared satisfies number, own satisfies number | undefined]).toEqual([0.5, undefined]);
    expect(hyperValues(choice.members.c, {})).toEqual({ own: 0.2, shared: 0.5 });
  });

  it('refuses members that mean different values by one key', () => {
    const d = { shared: { schema: z.number(), default: 0.5, help: 'what all share' } };
    const mixed: Choice = { ...choice, members: { ...choice.members, d } };
    expect(() => hyperShape(mixed)).toThrow('shared: a and d must share its schema');
  });

  it('says in a key’s help who uses it, and where defaults differ', () => {
    expect(shape.own.description).toBe('method b, c: something of its own (default 0.1; c 0.2)');
    expect(shape.shared.description).toBe('what all share');
  });
});

describe('a key that the chosen member does not use', () => {
  const refused: [Partial<TrainOptions>, string][] = [
    [
      { optimizer: 'adam', momentum: 0.9 },
      `momentum: optimizer adam does not use it; it belongs to ${MOMENTUM_RULES}: leave it out, or take one of these`,
    ],
    [
      { rho: 0.5 },
      'rho: optimizer sgd does not use it; it belongs to adadelta: leave it out, or take optimizer adadelta',
    ],
    [
      { optimizer: 'adadelta', alpha: 0.5 },
      "alpha: optimizer adadelta does not use it; it belongs to rmsprop, did you mean 'rho'?",
    ],
    [
      { schedule: 'cosine', stepSize: 5 },
      'stepSize: schedule cosine does not use it; it belongs to step: leave it out, or take schedule step',
    ],
    [
      { emaDecay: 0.9, averaging: 'swa' },
      'emaDecay: averaging swa does not use it; it belongs to ema: leave it out, or take averaging ema',
    ],
    [
      { huberDelta: 2 },
      'huberDelta: loss auto does not use it; it belongs to huber: leave it out, or take loss huber',
    ],
    [
      { initConstant: 2, init: 'zeros' },
      'initConstant: init zeros does not use it; it belongs to constant: leave it out, or take init constant',
    ],
  ];
  it.each(refused)('%j', (options, message) => {
    expect(() => resolveConfig({ data: 'x', ...options })).toThrow(new UsageError(message));
  });

  const accepted: Partial<TrainOptions>[] = [
    { optimizer: 'adam', rho: 0.9, stepSizes: [1e-6, 50] },
    { optimizer: 'rmsprop', momentum: 0.9, alpha: 0.5 },
    { labelSmoothing: 0.1 },
    { loss: 'huber', huberDelta: 2 },
    { averaging: 'swa', swaStart: 2 },
    { init: 'constant', initConstant: 2 },
  ];
  it.each(accepted)('not: %j', (options) => {
    expect(resolveConfig({ data: 'x', ...options })).toMatchObject(options);
  });

  it('is no mistake in a resolved configuration: resolving it again changes nothing', () => {
    for (const optimizer of RULE_NAMES) {
      const config = resolveConfig({ data: 'x', optimizer, batch: 'all' });
      expect(resolveConfig(config)).toEqual(config);
    }
  });

  it('is ignored in the stored configuration of a run, which earlier versions let begin', () => {
    const stored = {
      ...resolveConfig({ data: 'x', optimizer: 'adam' }),
      momentum: 0.7,
      rho: 0.5,
      gamma: 0.2,
    };
    expect(() => resolveConfig(stored)).toThrow(UsageError);
    expect(restoreConfig(stored)).toEqual(resolveConfig({ data: 'x', optimizer: 'adam' }));
  });
});

it('gradpool list shows every hyper-parameter with its default', () => {
  const optimizers = CATALOGUE.optimizers().map(({ name, defaults }) => [name, defaults]);
  expect(Object.fromEntries(optimizers)).toMatchObject(EFFECTIVE);
  const schedules = Object.fromEntries(CATALOGUE.schedules().map(({ name, defaults }) => [name, defaults]));
  expect(schedules).toMatchObject({
    constant: {},
    step: { stepSize: 10, gamma: 0.1 },
    plateau: { gamma: 0.1, minFactor: 0, plateauPatience: 10 },
  });
});

const DOCUMENT = 'docs/training.md';
const MARKS = ['<!-- hyper-parameters -->\n', '<!-- /hyper-parameters -->'] as const;

/** The tables between the marks: each member's keys with their defaults, then each key's meaning. */
function tables(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const keyed = (key: string, value: unknown) =>
    value === undefined ? `\`${key}\`` : `\`${key}\` ${valueText(value)}`;
  const used = (choice: Choice) => {
    const users = Object.entries(choice.members).filter(([, record]) => Object.keys(record).length > 0);
    return users.map(([name, record]) => {
      const { lr }: Partial<UpdateRule> = choice.key === 'optimizer' ? RULES[name as 'sgd'] : {};
      const values = { ...(lr === undefined ? {} : { lr }), ...hyperValues(record, {}) };
      return row([
        name,
        Object.entries(values)
          .map(([key, value]) => keyed(key, value))
          .join(', '),
      ]);
    });
  };
  const shape: Readonly<Record<string, z.ZodType>> = CONFIG_SHAPE;
  const meanings = CHOICES.flatMap(hyperKeys).map((key) => row([`\`${key}\``, shape[key].description!]));
  return [
    ...CHOICES.flatMap((choice) => [
      `| \`${choice.key}\` | its keys and their defaults |`,
      '|---|---|',
      ...used(choice),
      '',
    ]),
    '| key | meaning |',
    '|---|---|',
    ...meanings,
    '',
  ].join('\n');
}

it('docs/training.md lists them all; UPDATE_DOCS=1 writes the tables anew', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = text.split(MARKS[0]);
  const [written, after] = rest.split(MARKS[1]);
  if (process.env.UPDATE_DOCS)
    writeFileSync(DOCUMENT, [before, MARKS[0], tables(), MARKS[1], after].join(''));
  else expect(written).toBe(tables());
});
