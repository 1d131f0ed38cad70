/** A flag beats the environment beats the file beats the default. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_KEYS } from '#src/train/config.js';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => {
  place.write('flowers.csv', flowers());
  place.write('config.yaml', 'lr: 0.3\nseed: 3\nmomentum: 0.5\nhidden: [5]\nnesterov: true\npreset: none\n');
  place.write('config.json', '{"layers": [{"dense": 4}, "tanh", {"dense": 2}, "softmax"]}');
});
afterAll(() => place.remove());

async function printed(line: string, environment = {}) {
  const ended = await place.gradpool([...line.split(' '), '--print-config', '--json'], environment);
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, { value: unknown; from: string }>;
}

describe('--print-config', () => {
  it('says where each value comes from', async () => {
    const environment = { GRADPOOL_SEED: '4', GRADPOOL_LR: '0.4', GRADPOOL_WEIGHT_DECAY: '1e-4' };
    const config = await printed('train flowers.csv -c config.yaml --lr 0.5', environment);
    expect(Object.keys(config)).toEqual(CONFIG_KEYS);
    expect(config).toMatchObject({
      data: { value: 'flowers.csv', from: 'DATA' },
      lr: { value: 0.5, from: '--lr' },
      seed: { value: 4, from: 'GRADPOOL_SEED' },
      weightDecay: { value: 1e-4, from: 'GRADPOOL_WEIGHT_DECAY' },
      momentum: { value: 0.5, from: 'config.yaml' },
      nesterov: { value: true, from: 'config.yaml' },
      epochs: { value: 10, from: 'default' },
      target: { value: null, from: 'default' },
    });
  });

  it('knows which optimizer the preset for tables chooses', async () => {
    const config = await printed('train flowers.csv --betas 0.8,0.99 --ema-decay 0.5');
    expect(config).toMatchObject({
      optimizer: { value: 'adamw', from: 'preset tabular' },
      betas: { value: [0.8, 0.99], from: '--betas' },
      emaDecay: { value: 0.5, from: '--ema-decay' },
    });
    const refused = await place.gradpool(['train', 'flowers.csv', '--momentum', '0.5', '--print-config']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^gradpool: --momentum: optimizer adamw does not use it;/);
  });

  it('takes a percentage for the fraction that it is, wherever it is written', async () => {
    const settings = await printed('train flowers.csv --test 0.1%', { GRADPOOL_VAL: '12.5%' });
    expect(settings).toMatchObject({ val: { value: 0.125 }, test: { value: 0.001 } });
    const again = await printed('train flowers.csv --val 7% --test 0.07');
    expect(again.val.value).toBe(again.test.value);
  });

  it('reads lists, booleans and whole networks from flags', async () => {
    expect(await printed('train flowers.csv --optimizer adam --betas 0.8,0.99')).toMatchObject({
      betas: { value: [0.8, 0.99], from: '--betas' },
    });
    const line = 'train flowers.csv -c config.yaml --hidden 7,6 --no-nesterov --batch all';
    expect(await printed(line)).toMatchObject({
      hidden: { value: [7, 6], from: '--hidden' },
      nesterov: { value: false, from: '--no-nesterov' },
      batch: { value: 'all', from: '--batch' },
    });
    expect(await printed('train flowers.csv -c config.yaml --layers [{"dense":3},"softmax"]')).toMatchObject({
      layers: { value: [{ dense: 3 }, 'softmax'], from: '--layers' },
      hidden: { value: null },
    });
    expect(await printed('train flowers.csv -c config.json --hidden 3')).toMatchObject({
      layers: { value: null },
      hidden: { value: [3], from: '--hidden' },
    });
  });

  it('prints YAML that can be given back', async () => {
    const ended = await place.gradpool('train flowers.csv -t kind -c config.yaml --print-config'.split(' '));
    expect(parse(ended.stdout)).toMatchObject({ target: 'kind', lr: 0.3, hidden: [5], nesterov: true });
    expect(ended.stdout).toMatch(/^lr: 0\.3 +# config\.yaml$/m);
    place.write('again.yaml', ended.stdout);
    const again = await printed('train -c again.yaml');
    expect(again.momentum).toEqual({ value: 0.5, from: 'again.yaml' });
  });

  it('writes nothing', () => {
    expect(place.files()).toEqual(['again.yaml', 'config.json', 'config.yaml', 'flowers.csv']);
  });
});

describe('a key that what was chosen does not use', () => {
  it('is refused wherever it is written, with its place', async () => {
    place.write('adam.yaml', 'optimizer: adam\nmomentum: 0.5\n');
    place.write('cosine.yaml', 'schedule: cosine\ngamma: 0.1\n');
    const mistake = async (line: string, environment = {}) => {
      const ended = await place.gradpool(line.split(' '), environment);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      return ended.stderr.replace(/^gradpool: |\n$/g, '');
    };
    const sgd =
      'optimizer sgd does not use it; it belongs to adadelta: leave it out, or take optimizer adadelta';
    expect(await mistake('train xor --rho 0.5')).toBe(`--rho: ${sgd}`);
    expect(await mistake('train xor --rho 0.9')).toBe(`--rho: ${sgd}`);
    expect(await mistake('train xor', { GRADPOOL_RHO: '0.9' })).toBe(`GRADPOOL_RHO: ${sgd}`);
    const adam =
      'optimizer adam does not use it; it belongs to sgd and rmsprop: leave it out, or take one of these';
    expect(await mistake('train xor -c adam.yaml')).toBe(`adam.yaml:2: momentum: ${adam}`);
    expect(await mistake('find-lr xor --optimizer adam --momentum 0.9')).toBe(`--momentum: ${adam}`);
    expect(await mistake('train xor -c cosine.yaml --gamma 0.1')).toMatch(/^--gamma: schedule cosine /);
    expect(await mistake('train xor --optimizer adadelta --alpha 0.8')).toBe(
      "--alpha: optimizer adadelta does not use it; it belongs to rmsprop, did you mean 'rho'?",
    );
    expect(await mistake('train xor --huber-delta 2')).toMatch(/^--huber-delta: loss auto .* loss huber$/);
    expect(await mistake('train xor --loss quantile --focal-gamma 2')).toMatch(
      /^--focal-gamma: loss quantile /,
    );
    expect(await mistake('train xor --ema-decay 0.9')).toMatch(
      /^--ema-decay: averaging none .* averaging ema$/,
    );
    expect(await mistake('train xor --averaging ema --swa-start 2')).toMatch(/^--swa-start: averaging ema /);
    expect(await mistake('train xor --init-constant 2')).toMatch(
      /^--init-constant: init auto .* init constant$/,
    );
  });

  it('is allowed in a file at its default, which changes nothing', async () => {
    const { gamma, momentum } = await printed('train xor -c cosine.yaml');
    expect(gamma).toEqual({ value: 0.1, from: 'cosine.yaml' });
    expect(momentum.value).toBe(null);
  });

  it('is dropped from a weaker source when a stronger one chooses another, with a note', async () => {
    const line = 'train flowers.csv -c config.yaml --optimizer adam --print-config --json';
    const ended = await place.gradpool(line.split(' '));
    expect(ended.code).toBe(0);
    expect(ended.stderr.split('\n')).toEqual([
      'config.yaml:3: momentum 0.5 is left out: optimizer adam does not use it',
      'config.yaml:5: nesterov true is left out: optimizer adam does not use it',
      '',
    ]);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      optimizer: { value: 'adam', from: '--optimizer' },
      momentum: { value: null },
      nesterov: { value: false, from: 'default' },
      lr: { value: 0.3, from: 'config.yaml' },
    });
    const quiet = await place.gradpool([...line.split(' '), '--quiet']);
    expect(quiet).toMatchObject({ code: 0, stderr: '', stdout: ended.stdout });
  });
});

it("a run's config.yaml repeats it, bit for bit", async () => {
  const sha = async (line: string) => {
    const ended = await place.gradpool([...line.split(' '), '--json', '--quiet']);
    expect(ended.stderr).toBe('');
    return JSON.parse(ended.stdout).weightsSha256;
  };
  const first = await sha('train flowers.csv -t kind -c config.yaml --epochs 2 --out first');
  expect(await sha('train -c first/config.yaml --workers 1 --out second')).toBe(first);
  expect(await sha('train -c first/config.yaml --seed 9 --out third')).not.toBe(first);
  expect(await sha('train -c first/config.yaml --optimizer adam --out fourth')).not.toBe(first);
});
