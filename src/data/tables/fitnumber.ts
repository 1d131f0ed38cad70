/** Fits the schema of a column of numbers or dates to the training rows. */
import type { ColumnSchema } from '../columnschema.js';
import {
  columnMedians,
  columnMoments,
  robustScale,
  type Scale,
  scaleOf,
  sortedPresent,
} from '../statistics.js';
import type { ColumnDecision } from './columndecision.js';
import { allMissing, type ColumnFit, rejectOverflow } from './columnfit.js';

/** Share of the training rows that must lack a number, and how many, before `auto` marks them. */
const INDICATED = { share: 0.01, rows: 5 } as const;

/** Fits one column of numbers. Returns null, with a note, for a column that is constant. */
export function fitNumber(
  fit: ColumnFit,
  name: string,
  values: Float64Array,
  { reading }: ColumnDecision,
): ColumnSchema | null {
  const { scaling } = fit.preprocessing;
  const fitted = scaling === 'robust' ? fitRobust(fit, name, values) : fitStandard(fit, name, values);
  if (fitted === null) return null;
  const type = reading.as === 'date' ? 'date' : 'number';
  return {
    kind: 'number',
    name,
    type,
    ...fitted,
    ...(isIndicated(fit, values) ? { indicator: true } : {}),
    reading,
  };
}

type FittedScale = Scale & { readonly fill: number; readonly clip?: true };

/** Takes the mean and the deviation; missing values are filled with the median. */
function fitStandard(
  { reader, trainRows, notes }: ColumnFit,
  name: string,
  values: Float64Array,
): FittedScale | null {
  const { mean, std } = columnMoments(values, 1, trainRows);
  if (Number.isNaN(mean[0])) throw allMissing(reader, name);
  rejectOverflow(reader, name, std[0]);
  if (!(std[0] > 0)) return constant(notes, name, mean[0]);
  const [fill] = columnMedians(values, 1, trainRows);
  return { shift: mean[0], scale: scaleOf(std[0]), fill };
}

/** Takes the median and the IQR, and clips what lies far out. */
function fitRobust(
  { reader, trainRows, notes }: ColumnFit,
  name: string,
  values: Float64Array,
): FittedScale | null {
  const sorted = sortedPresent(values, trainRows);
  if (sorted.length === 0) throw allMissing(reader, name);
  rejectOverflow(reader, name, sorted[sorted.length - 1] - sorted[0]);
  const fitted = robustScale(sorted);
  if (fitted === null) return constant(notes, name, sorted[0]);
  return { ...fitted, fill: fitted.shift, clip: true };
}

function constant(notes: string[], name: string, value: number): null {
  notes.push(`column "${name}": always ${value}; left out`);
  return null;
}

/** Whether a second input says which of the column's numbers are missing. */
function isIndicated({ preprocessing, trainRows }: ColumnFit, values: Float64Array): boolean {
  if (preprocessing.missingIndicators === 'never') return false;
  let missing = 0;
  for (const row of trainRows) if (Number.isNaN(values[row])) missing++;
  if (preprocessing.missingIndicators === 'any') return missing > 0;
  return missing >= INDICATED.rows && missing >= INDICATED.share * trainRows.length;
}
