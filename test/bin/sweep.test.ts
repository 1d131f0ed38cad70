/** gradpool sweep, resume and runs on the command line. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place } from './cli.js';

const place = new Place();
const run = (line: string) =>
  place.gradpool(line.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', '')));
const SHARED = 'moons:150 --epochs 2 --batch 20 --val 0.2';

beforeAll(async () => {
  const { code, stderr } = await run(
    `sweep ${SHARED} --grid lr=0.1,0.01 --grid hidden=4,6+3 --seeds 2 --score val_accuracy --parallel 1 --out s`,
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('4 configurations × 2 seeds = 8 trials of lr, hidden by grid, 2 epochs each');
  expect(stderr).toMatch(/^8\/8 {2}trial 8 \(lr=0\.01, hidden=6\+3, seed 2\): val_accuracy /m);
});
afterAll(() => place.remove());

describe('sweep', () => {
  it('leaves its files, and a run for each trial', () => {
    for (const name of ['sweep.yaml', 'sweep.json', 'trials.jsonl', 'leaderboard.csv', 'times.csv']) {
      expect(existsSync(place.path('s', name)), name).toBe(true);
    }
    const record = JSON.parse(readFileSync(place.path('s', 'trials', '0003', 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'completed', seed: 1 });
  });

  it('from a file, with flags that go before, gives the same leaderboard', async () => {
    place.write(
      'own.yaml',
      'base: { data: "moons:150", epochs: 5, batch: 20, val: 0.2 }\naxes: { lr: [0.1, 0.01], hidden: [[4], [6, 3]] }\nseeds: 2\nscore: val_loss\n',
    );
    const { code, stdout, stderr } = await run(
      'sweep own.yaml --epochs 2 --score val_accuracy --out f --workers 1 --json --quiet',
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', score: 'val_accuracy', sweep: 'f' });
    const read = (name: string) => readFileSync(place.path(name, 'leaderboard.csv'), 'utf8');
    expect(read('f')).toBe(read('s'));
  });

  it('varies an axis under its condition, and ranks by the metric of the trainings', async () => {
    const { code, stdout, stderr } = await run(
      'sweep moons:150 --epochs 1 --hidden 4 --val 0.2 --grid momentum=0,0.9 --grid optimizer=sgd,adam --when momentum:optimizer=sgd --metric mcc --parallel 1 --out w',
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('3 configurations × 1 seed = 3 trials of optimizer, momentum by grid');
    expect(stdout).toMatch(/^rank {2}optimizer {2}momentum {2}val_mcc/);
  });

  it('is saved at Ctrl-C, and goes on with resume', async () => {
    const line = `sweep moons:150 --hidden 4 --epochs 3000 --batch 20 --val 0.2 --grid lr=0.1,0.01 --parallel 2 --out c`;
    let told = false;
    const { code, stdout, stderr } = await place.gradpool(line.split(' '), {}, (child, text) => {
      if (told || !text.includes('2 at a time')) return;
      told = true;
      setTimeout(() => child.kill('SIGINT'), 1000);
    });
    expect(stderr).toContain('saving all trials that are under way');
    expect(stdout).toContain('gradpool resume c');
    expect(code).toBe(130);
    const resumed = await run('resume c --parallel 1 --time-limit 1');
    expect(resumed.stdout).toContain('the time limit of 1 seconds');
    expect(resumed.code).toBe(130);
  });

  it.each([
    ['--grid lrr=1,2', "unknown axis 'lrr', did you mean 'lr'?"],
    ['--grid seed=1,2', 'seed cannot be an axis: every configuration is trained with the same seeds'],
    ['', 'the sweep has no axes, so there is nothing to compare'],
    ['--grid lr=', '--grid lr: has no values'],
    ['--grid lr=0.1,-1', '--grid lr: must be greater than 0, found -1'],
    ['--grid lr=0.1,x', '--grid lr: '],
    ['--grid lr', '--grid: expected KEY=VALUES, such as lr=0.1,0.03, found "lr"'],
    ['--grid momentum=0,0.9 --grid optimizer=adam,sgd', 'optimizer adam does not use it'],
    ['--grid lr=1,1', 'axis lr: names a value twice'],
    ['--range lr=0.1..1', 'axis lr: a grid needs to know how many numbers of the range to take'],
    ['--range lr=1..0.1,points=3', 'axis lr: from 1 must be less than to 0.1'],
    ['--range lr=0..1,log,points=3', 'axis lr: a log range must begin above 0'],
    ['--range lr=low..1', '--range lr: expected FROM..TO'],
    ['--range lr=0.1..1 --search random', 'say how many trainings to begin, such as --trials 20'],
    ['--range lr=0.1..1 --search random --trials 2 --seeds 3', 'are not enough for one configuration'],
    [
      '--grid lr=0.1,1 --score val_rmse',
      'a classification has no rmse; take val_loss, val_accuracy, val_balancedAccuracy',
    ],
    [
      '--grid lr=0.1,1 --metric mae',
      'metric mae: is of predicted numbers, and this network predicts classes',
    ],
    ['--grid lr=0.1,1 --when momentum:optimizer=sgd', '--when momentum: is no axis; give it with --grid'],
    ['--grid lr=0.1,1 --when momentum', 'expected AXIS:KEY=VALUE, such as momentum:optimizer=sgd'],
    ['--grid lr=0.1,1 --score val_los', "did you mean 'val_loss'?"],
    ['--grid lr=0.1,1 --eta 4', 'eta: search grid does not use it; it belongs to halving and hyperband'],
    ['--grid lr=0.1,1 --trials 1', 'search grid has 2 trials, more than the 1 of --trials'],
    ['--grid epochs=1,2 --search halving', 'compares all at the same epochs'],
    ['--grid layers.3.units=1,2', "axis layers.3.units: '3'"],
  ])('refuses %s before the first trial', async (words, message) => {
    const layers = words.includes('layers') ? ' --layers [{dense:2}]' : '';
    const { code, stderr } = await run(`sweep ${SHARED}${layers} ${words} --out bad`.trim());
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(place.path('bad'))).toBe(false);
  });

  it.each([
    ['axes: { lr: [] }', 'axis lr: has no values, so there is nothing to try'],
    ['axes: { lr: { from: 1, too: 2 } }', "axis lr: unknown key 'too', did you mean 'to'?"],
    ['axes: { lr: 3 }', 'axis lr: expected a list such as [0.1, 0.03] or a range'],
    ['axes: { momentum: { values: [0], when: { optimiser: sgd } } }', "names 'optimiser', which is neither"],
    ['axes: { optimizer: [adam], momentum: { values: [0], when: { optimizer: sgd } } }', 'would never apply'],
    ['axes: { lr: [1, 2] }\nsearhc: grid', "unknown key of a sweep 'searhc', did you mean 'search'?"],
    ['- 1', 'bad.yaml: expected keys with their values'],
  ])('refuses the file %s', async (text, message) => {
    place.write('bad.yaml', text.startsWith('-') ? text : `base: { data: "moons:150" }\n${text}\n`);
    const { code, stderr } = await run('sweep bad.yaml --out bad');
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('runs', () => {
  it('lists, filters and sorts trials and runs', async () => {
    await run(`train ${SHARED} --hidden 4 --lr 0.1 --quiet --out r`);
    const all = await run('runs s --csv');
    expect(all.stdout.split('\n')[0]).toBe('run,status,lr,hidden,val_loss,val_accuracy,epochs,seed');
    expect(all.stdout.trim().split('\n')).toHaveLength(9);
    const some = await run(
      'runs . --where "lr < 0.05 and seed = 2" --sort=-val_loss --columns run,lr,val_loss --json',
    );
    const rows = JSON.parse(some.stdout);
    expect(rows.map((row: { lr: number }) => row.lr)).toEqual(rows.map(() => 0.01));
    expect(rows[0].val_loss).toBeGreaterThanOrEqual(rows[1].val_loss);
    // A key that only the configuration of each run holds.
    const { stdout } = await run(
      `runs . --where "optimizer = 'sgd' and kind = 'run'" --columns run,optimizer --csv`,
    );
    expect(stdout).toBe('run,optimizer\nr,sgd\n');
  });

  it('names a damaged line, and passes it over', async () => {
    const file = place.path('s', 'trials.jsonl');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, `${before}{"trial":3,"ax`);
    const { stderr, code } = await run('runs s');
    writeFileSync(file, before);
    expect(stderr).toMatch(/trials\.jsonl:17: the line is damaged/);
    expect(code).toBe(0);
  });

  it.each([
    ['--where "val_los < 1"', /--where "val_los < 1": .*val_loss/],
    ['--sort val_los', /unknown column 'val_los', did you mean 'val_loss'\?/],
    ['more', /runs takes one folder, found 'more' too/],
  ])('refuses %s', async (words, message) => {
    const { code, stderr } = await run(`runs s ${words}`);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('compares two', async () => {
    const { stdout } = await run('runs compare s/trials/0001 s/trials/0007');
    expect(stdout).toMatch(/^lr +0\.1 +0\.01$/m);
    expect(stdout).toMatch(/^hidden +4 +6\+3$/m);
    expect(stdout).toMatch(/^val_accuracy +\d/m);
    const { code, stderr } = await run('runs compare s/trials/0001');
    expect(stderr).toContain('runs compare needs two runs');
    expect(code).toBe(2);
  });

  it('lists ten thousand trials', async () => {
    mkdirSync(place.path('many'));
    const line = (trial: number) => ({
      ...{
        trial,
        axes: { lr: trial / 1e4 },
        seed: 1,
        epochs: 3,
        status: 'completed',
        reason: '',
        bestEpoch: 3,
      },
      ...{
        steps: 9,
        parameters: 5,
        train: { loss: 1 },
        val: { loss: 1 / trial, accuracy: trial / 1e4 },
        test: null,
      },
      weightsSha256: 'a'.repeat(64),
    });
    const lines = Array.from({ length: 10_000 }, (_, i) => JSON.stringify(line(i + 1)));
    place.write('many/trials.jsonl', `${lines.join('\n')}\n`);
    for (const name of ['sweep.json', 'sweep.yaml']) {
      writeFileSync(place.path('many', name), readFileSync(place.path('s', name)));
    }
    const began = performance.now();
    const { stdout } = await run(
      'runs many --where "val_accuracy > 0.9997" --sort val_loss --columns trial,lr --csv'.replace(
        'trial,',
        '',
      ),
    );
    console.info(`runs --where over 10,000 trials: ${Math.round(performance.now() - began)} ms`);
    expect(stdout).toBe('lr\n1\n0.9999\n0.9998\n');
  });
});
