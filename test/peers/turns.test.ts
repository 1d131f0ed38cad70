/** Turns: who gets them, who is dropped, who is skipped. */
import { describe, expect, it, vi } from 'vitest';
import { compete } from './turns.mjs';

/** Makes a contestant that answers with these speeds, line by line as contestant.mjs does, and then dies. */
function contestant(name: string, speeds: Record<string, number[]>) {
  const code = `
    const speeds = ${JSON.stringify(speeds)}[process.argv[3]];
    console.log('a library greets');
    console.log(JSON.stringify({ versions: { ${name}: '1' } }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
      if (speeds.length === 0) process.exit(3);
      console.log(JSON.stringify({ samplesPerSecond: speeds.shift() }));
    });`;
  return { name, command: ['node', '-e', code], settings: Object.keys(speeds) };
}

/** Makes a contestant that is as fast as its environment says. */
function environmentalist(environments: string[]) {
  const code = `
    console.log(JSON.stringify({ versions: {} }));
    const { OPENBLAS_CORETYPE: core = '1', OPENBLAS_L2_SIZE: size = '0', PACE: pace = '1' } = process.env;
    const samplesPerSecond = Number(core) * Number(pace) + Number(size) + Number(process.argv[3].slice(2));
    require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
      console.log(JSON.stringify({ samplesPerSecond }));
    });`;
  return { name: 'peer', command: ['node', '-e', code], settings: ['t=9', 't=8', 't=5'], environments };
}

async function turns(rounds: number, ...entries: ReturnType<typeof contestant>[]) {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const result = await compete(entries, '2-1', 4, { rounds, seconds: 0, note });
  return { ...result, skipped: notes.filter((line) => line.startsWith('skipped')) };
}

describe('taking turns', () => {
  it('one that is slow in its trials is tried again, and takes no turns if it stays slow', async () => {
    const { measurements, versions, skipped } = await turns(
      2,
      contestant('fast', { good: [9, 10, 11, 12], late: [1, 1, 2, 8, 7, 6], bad: [2, 3, 3, 2, 99] }),
      contestant('slow', { only: [1, 1, 1, 1] }),
    );
    expect(measurements).toEqual([
      { contestant: 'fast', setting: 'good', trials: [9, 10], turns: [11, 12] },
      { contestant: 'fast', setting: 'late', trials: [1, 1, 2, 8], turns: [7, 6] },
      { contestant: 'fast', setting: 'bad', trials: [2, 3, 3, 2], turns: [] },
      { contestant: 'slow', setting: 'only', trials: [1, 1], turns: [1, 1] },
    ]);
    expect(versions).toEqual({ fast: '1', slow: '1' });
    expect(skipped).toEqual([]);
  });

  it('the two best settings are tried in other environments, and none inherits what slows OpenBLAS', async () => {
    vi.stubEnv('OPENBLAS_CORETYPE', '100');
    vi.stubEnv('OPENBLAS_L2_SIZE', '100');
    const { measurements } = await turns(1, environmentalist(['PACE=3', 'OPENBLAS_CORETYPE=4 PACE=2']));
    vi.unstubAllEnvs();
    expect(measurements.map(({ setting, turns: [speed] }) => [setting, speed])).toEqual([
      ['t=9', undefined], // 10, below 0.7 of 17
      ['t=8', undefined],
      ['t=5', undefined],
      ['t=9 PACE=3', 12],
      ['t=9 OPENBLAS_CORETYPE=4 PACE=2', 17],
      ['t=8 PACE=3', undefined],
      ['t=8 OPENBLAS_CORETYPE=4 PACE=2', 16],
    ]);
  });

  it('one that is not there, or dies in its turn, is skipped with a line', async () => {
    const absent = {
      name: 'absent',
      command: ['node', '-e', `console.log('{"skip":"not installed"}')`],
      settings: ['a', 'b'],
    };
    const { measurements, skipped } = await turns(2, absent, contestant('mortal', { brief: [5, 5, 5] }));
    expect(measurements).toEqual([{ contestant: 'mortal', setting: 'brief', trials: [5, 5], turns: [5] }]);
    expect(skipped).toEqual([
      'skipped: absent (2-1): not installed',
      'skipped: mortal brief (2-1): ended with exit code 3',
    ]);
  });
});
