/** A flag beats the environment beats the file beats the default. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_KEYS } from '#src/train/config.js';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => {
  place.write('flowers.csv', flowers());
  place.write('config.yaml', 'lr: 0.3\nseed: 3\nmomentum: 0.5\nhidden: [5]\nnesterov: true\n');
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

  it('takes a percentage for the fraction that it is, wherever it is written', async () => {
    const settings = await printed('train flowers.csv --test 0.1%', { GRADPOOL_VAL: '12.5%' });
    expect(settings).toMatchObject({ val: { value: 0.125 }, test: { value: 0.001 } });
    const again = await printed('train flowers.csv --val 7% --test 0.07');
    expect(again.val.value).toBe(again.test.value);
  });

  it('reads lists, booleans and whole networks from flags', async () => {
    const line = 'train flowers.csv -c config.yaml --hidden 7,6 --betas 0.8,0.99 --no-nesterov --batch all';
    expect(await printed(line)).toMatchObject({
      hidden: { value: [7, 6], from: '--hidden' },
      betas: { value: [0.8, 0.99], from: '--betas' },
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

it("a run's config.yaml repeats it, bit for bit", async () => {
  const sha = async (line: string) => {
    const ended = await place.gradpool([...line.split(' '), '--json', '--quiet']);
    expect(ended.stderr).toBe('');
    return JSON.parse(ended.stdout).weightsSha256;
  };
  const first = await sha('train flowers.csv -t kind -c config.yaml --epochs 2 --out first');
  expect(await sha('train -c first/config.yaml --workers 1 --out second')).toBe(first);
  expect(await sha('train -c first/config.yaml --seed 9 --out third')).not.toBe(first);
});
