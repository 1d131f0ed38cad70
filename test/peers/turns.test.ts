/** Turns: who gets them, who is dropped, who is skipped. */
import { describe, expect, it } from 'vitest';
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

async function turns(rounds: number, ...entries: ReturnType<typeof contestant>[]) {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const result = await compete(entries, '2-1', 4, { rounds, seconds: 0, note });
  return { ...result, skipped: notes.filter((line) => line.startsWith('skipped')) };
}

describe('taking turns', () => {
  it('every setting has its turns; one that stays far behind gets two', async () => {
    const { measurements, versions, skipped } = await turns(
      4,
      contestant('fast', { good: [9, 10, 11, 12], bad: [2, 3, 99, 99] }),
      contestant('slow', { only: [1, 1, 1, 1] }),
    );
    expect(measurements).toEqual([
      { contestant: 'fast', setting: 'good', turns: [9, 10, 11, 12] },
      { contestant: 'fast', setting: 'bad', turns: [2, 3] },
      { contestant: 'slow', setting: 'only', turns: [1, 1, 1, 1] },
    ]);
    expect(versions).toEqual({ fast: '1', slow: '1' });
    expect(skipped).toEqual([]);
  });

  it('one that is not there, or dies in its turn, is skipped with a line', async () => {
    const absent = {
      name: 'absent',
      command: ['node', '-e', `console.log('{"skip":"not installed"}')`],
      settings: ['a', 'b'],
    };
    const { measurements, skipped } = await turns(2, absent, contestant('mortal', { brief: [5] }));
    expect(measurements).toEqual([{ contestant: 'mortal', setting: 'brief', turns: [5] }]);
    expect(skipped).toEqual([
      'skipped: absent (2-1): not installed',
      'skipped: mortal brief (2-1): ended with exit code 3',
    ]);
  });
});
