/** Fits the schema of a column of numbers or dates to the training rows. */
import { UsageError } from '../../errors.js';
import type { ColumnSchema } from '../columnschema.js';
import { CIRCLES, datePart, GROWING, turnOf } from '../dateparts.js';
import { momentsOf } from '../moments.js';
import { byRank, columnMedian, rangeOf, robustScale, type Scale, scaleOf, skewness } from '../statistics.js';
import { fitTransform, type Transform, transformOf } from '../transforms.js';
import { shellWord } from '../words.js';
import type { ColumnDecision } from './columndecision.js';
import { allMissing, type ColumnFit, rejectOverflow } from './columnfit.js';
import { type NumberValues, presentValues } from './convert.js';

/** Share of the training rows that must lack a number, and how many, before `auto` marks them. */
const INDICATED = { share: 0.01, rows: 5 } as const;

/** Skewness from which `auto` says that a transform may help. That of an exponential distribution is 2. */
const SKEWED = 3;

/** Returns the values of the training rows that are not missing, in memory that the next call overwrites. */
type Present = () => Float64Array;

/** Fits one column of numbers or dates. Returns null, with a note, for a column that is constant. */
export function fitNumber(
  fit: ColumnFit,
  name: string,
  column: NumberValues,
  { reading }: ColumnDecision,
): ColumnSchema | null {
  const present = () => presentValues(column, fit.trainRows, fit.room);
  const kind = transformFor(fit, name, reading.as === 'date');
  const transform = kind === null ? null : transformFitted(fit, name, present, kind);
  const bent = transform === null ? present : () => each(present(), transformOf(transform));
  const fitted = fitScale(fit, name, bent);
  if (fitted === null) {
    fit.notes.push(`column "${name}": always ${present()[0]}; left out`);
    return null;
  }
  const indicator = isIndicated(fit, present) ? ({ indicator: true } as const) : {};
  const fill = transform === null ? fitted.fill : columnMedian(present());
  if (reading.as === 'date' && fit.preprocessing.dates === 'parts')
    return { ...fitParts(fit, name, present, fill), ...indicator, reading };
  if (fit.preprocessing.transform === 'auto') noteSkewed(fit, name, present());
  const type = reading.as === 'date' ? 'date' : 'number';
  const bending = transform === null ? {} : { transform };
  return { kind: 'number', name, type, ...bending, ...fitted, fill, ...indicator, reading };
}

/** Replaces each value by what a function makes of it, in place. */
function each(values: Float64Array, change: (value: number) => number): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = change(values[i]);
  return values;
}

type FittedScale = Scale & { readonly fill: number; readonly clip?: true };

/** Fits shift and scale to the training rows; returns null if all of them are equal. */
function fitScale({ reader, preprocessing }: ColumnFit, name: string, present: Present): FittedScale | null {
  const values = present();
  if (values.length === 0) throw allMissing(reader, name);
  if (preprocessing.scaling === 'robust') {
    const order = byRank(values);
    rejectOverflow(reader, name, rangeOf(order));
    const fitted = robustScale(order);
    return fitted && { ...fitted, fill: fitted.shift, clip: true };
  }
  const { mean, std } = momentsOf(values);
  rejectOverflow(reader, name, std);
  return std > 0 ? { shift: mean, scale: scaleOf(std), fill: columnMedian(values) } : null;
}

/** Whether a second input says which of the column's numbers are missing. */
function isIndicated({ preprocessing, trainRows }: ColumnFit, present: Present): boolean {
  if (preprocessing.missingIndicators === 'never') return false;
  const missing = trainRows.length - present().length;
  if (preprocessing.missingIndicators === 'any') return missing > 0;
  return missing >= INDICATED.rows && missing >= INDICATED.share * trainRows.length;
}

/** Takes dates apart. Parts that are the same in all training rows are left out. */
function fitParts(fit: ColumnFit, name: string, present: Present, fill: number) {
  const numbers = GROWING.flatMap((part) => {
    const fitted = fitScale(fit, name, () => each(present(), (days) => datePart(part, days)));
    return fitted === null ? [] : [{ part, shift: fitted.shift, scale: fitted.scale }];
  });
  const circles = CIRCLES.filter(
    (circle) => new Set(Array.from(present(), (days) => turnOf(circle, days))).size > 1,
  );
  const parts = [...numbers.map(({ part }) => part), ...circles];
  fit.notes.push(`column "${name}": each date is taken apart into ${parts.join(', ')}`);
  const clip = fit.preprocessing.scaling === 'robust' ? ({ clip: true } as const) : {};
  return { kind: 'dateParts', name, type: 'date', numbers, circles, fill, ...clip } as const;
}

/** Returns the transform that the user wants for a column; null for none. Throws UsageError for dates. */
function transformFor(
  { preprocessing: { transform } }: ColumnFit,
  name: string,
  isDate: boolean,
): Transform['kind'] | null {
  const own = typeof transform === 'object' && Object.hasOwn(transform, name) ? transform[name] : undefined;
  if (own !== undefined && own !== 'none' && isDate) {
    throw new UsageError(
      `--transform ${shellWord(`${name}=${own}`)}: the column holds dates, and only numbers are transformed; leave it out`,
    );
  }
  const kind = own ?? (typeof transform === 'string' ? transform : 'none');
  return isDate || kind === 'none' || kind === 'auto' ? null : kind;
}

/** Fits a transform and says what it does; returns null where all training rows are equal. */
function transformFitted(
  { reader, notes }: ColumnFit,
  name: string,
  present: Present,
  kind: Transform['kind'],
): Transform | null {
  const sorted = present().sort();
  if (sorted.length === 0) throw allMissing(reader, name);
  if (sorted[0] === sorted[sorted.length - 1]) return null;
  const transform = fitTransform(kind, sorted);
  const does = {
    log: 'x becomes sign(x)·ln(1 + |x|/unit)',
    quantileNormal: 'its ranks become a normal distribution',
    quantileUniform: 'its ranks become numbers from 0 to 1',
  }[kind];
  const unit = transform.kind === 'log' ? `, unit ${Number(transform.unit.toPrecision(6))}` : '';
  notes.push(`column "${name}": ${does}${unit}`);
  return transform;
}

/** Notes a column of numbers without a sign that a logarithm would make more even. */
function noteSkewed({ notes }: ColumnFit, name: string, values: Float64Array): void {
  const skew = skewness(values);
  if (!(skew > SKEWED) || values.some((value) => value < 0)) return;
  notes.push(
    `column "${name}": skewed (skewness ${skew.toFixed(1)}); --transform ${shellWord(`${name}=log`)} may help`,
  );
}
