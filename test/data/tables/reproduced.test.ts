/**
 * Tests that a model feeds its network the very bits that training fed it, whatever the choices of
 * preprocessing, and that no later table is a surprise.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import type { Preprocessing } from '#src/data/preprocessing.js';
import { continuousWidth, featuresOf, parseSchema, type TableSchema } from '#src/data/schema.js';
import { allRows } from '#src/data/split.js';
import { datasetOf } from '#src/model/rows.js';
import { failure, file } from '../helpers.js';
import { csvText, jsonRows, type MadeColumn, madeTable } from './generate.js';
import { inputsOf } from './inputs.js';

const LAYOUT = { format: 'csv', delimiter: ',', quoting: 'needed', newline: '\n', shuffled: false } as const;

const choices: fc.Arbitrary<Preprocessing & { embedAbove: number }> = fc.record({
  scaling: fc.constantFrom('standard', 'robust'),
  missingIndicators: fc.constantFrom('never', 'auto', 'any'),
  categories: fc.constantFrom('oneHot', 'signed'),
  rareBelow: fc.constantFrom(1, 2, 4),
  dates: fc.constantFrom('days', 'parts'),
  transform: fc.constantFrom('none', 'auto', 'log', 'quantileNormal', 'quantileUniform'),
  embedAbove: fc.constantFrom(2, 32),
});

const goalOf = (rows: number): MadeColumn => {
  const cells = Array.from({ length: rows }, (_, row) => String(row + 0.5));
  return { name: 'goal', kind: 'number', cells, meanings: cells };
};

/** What a later table may hold that training did not. */
const SURPRISES = { number: null, date: null, boolean: 'perhaps', category: 'never seen before' } as const;

it('of any table, with its columns in any order and others among them', { timeout: 600_000 }, async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(madeTable, choices, async (made, chosen) => {
      const columns = [...made, goalOf(made[0].cells.length)];
      const trained = await loadTrainingData({
        data: file('train.csv', csvText(columns, LAYOUT)),
        target: 'goal',
        task: 'regression',
        val: 0.25,
        seed: 3,
        ...chosen,
      }).catch((error: Error) => {
        if (/no column is left|every value is missing/.test(error.message)) return null;
        throw error;
      });
      if (trained === null) return;
      const schema = parseSchema(JSON.parse(JSON.stringify(trained.schema)), 'model') as TableSchema;
      for (const column of schema.columns) kinds.add(column.kind);
      const { dataset } = trained.train;
      const all = { dataset, rows: allRows(dataset.rows) };
      const inputs = inputsOf(all, schema, trained.inputWidth);
      expect(inputs.flat().every(Number.isFinite)).toBe(true);
      expect(continuousWidth(schema)).toBe(trained.continuous);

      const extra = { name: 'extra', cells: made[0].cells.map((_, row) => `x${row}`) };
      const later = file('later.csv', csvText([extra, ...columns.toReversed()], LAYOUT));
      const read = await loadWithSchema(later, schema, { needTargets: false });
      expect(inputsOf(read.subset, schema, trained.inputWidth)).toEqual(inputs);
      const byRow = datasetOf(jsonRows([extra, ...made]), schema);
      expect(inputsOf(byRow.subset, schema, trained.inputWidth)).toEqual(inputs);

      const numbers = featuresOf(schema).flatMap((feature) => feature.numbers);
      expect(numbers.sort((a, b) => a - b)).toEqual([...Array(dataset.numberWidth).keys()]);
      expect(featuresOf(schema).flatMap((feature) => feature.codes)).toHaveLength(dataset.codeWidth);

      const surprising = made.map((column) => ({
        ...column,
        cells: column.cells.map((cell, row) =>
          row % 3 === 0 ? SURPRISES[column.kind] : row % 3 === 1 ? null : cell,
        ),
      }));
      const surprised = await loadWithSchema(file('new.csv', csvText(surprising, LAYOUT)), schema, {
        needTargets: false,
      });
      const found = inputsOf(surprised.subset, schema, trained.inputWidth);
      expect(found.flat().every(Number.isFinite)).toBe(true);
      for (const [row, values] of found.entries()) if (row % 3 === 2) expect(values).toEqual(inputs[row]);
    }),
    { numRuns: 48, seed: 4 },
  );
  expect([...kinds].sort()).toEqual(['category', 'dateParts', 'number']);
});

it('a column of times may have gaps, and text in it is one clear line', async () => {
  const table = (times: readonly string[]) =>
    ['at,n,y', ...times.map((time, i) => `${time},${i},${i + 0.5}`)].join('\n');
  const train = file('times.csv', table(['08:00', '12:30', '', '23:59', '07:15']));
  for (const dates of ['days', 'parts'] as const) {
    const { schema, notes } = await loadTrainingData({
      data: train,
      target: 'y',
      task: 'regression',
      val: 0,
      seed: 1,
      dates,
      missingIndicators: 'any',
    });
    expect(notes.join('\n')).toContain('column "at": 1 missing value filled with the median');
    const read = (times: readonly string[]) =>
      loadWithSchema(file('later-times.csv', table(times)), schema, { needTargets: false });
    expect((await read(['', '', '09:00'])).notes[0]).toContain('2 missing values filled');
    expect(await failure(() => read(['09:00', 'noon']))).toBe(
      '3: later-times.csv: row 2 (line 3), column "at": "noon" is not a time of the form hh:mm, where the column holds such times; correct the cell, or empty it to mark it as missing',
    );
  }
});
