/** Fits the schema of a column of numbers or dates to the training rows. */
import { UsageError } from '../../errors.js';
import type { ColumnSchema } from '../columnschema.js';
import { CIRCLES, datePart, GROWING, turnOf } from '../dateparts.js';
import { columnMoments } from '../moments.js';
import { columnMedians, robustScale, type Scale, scaleOf, skewness, sortedPresent } from '../statistics.js';
import { fitTransform, type Transform, transformOf } from '../transforms.js';
import { shellWord } from '../words.js';
import type { ColumnDecision } from './columndecision.js';
import { allMissing, type ColumnFit, rejectOverflow } from './columnfit.js';

/** Share of the training rows that must lack a number, and how many, before `auto` marks them. */
const INDICATED = { share: 0.01, rows: 5 } as const;

/** Skewness from which `auto` says that a transform may help. That of an exponential distribution is 2. */
const SKEWED = 3;

/** Fits one column of numbers or dates. Returns null, with a note, for a column that is constant. */
export function fitNumber(
  fit: ColumnFit,
  name: string,
  values: Float64Array,
  { reading }: ColumnDecision,
): ColumnSchema | null {
  const kind = transformFor(fit, name, reading.as === 'date');
  const transform = kind === null ? null : transformFitted(fit, name, values, kind);
  const bent = transform === null ? values : values.map(transformOf(transform));
  const fitted = fitScale(fit, name, bent);
  if (fitted === null) {
    fit.notes.push(
      `column "${name}": always ${values[fit.trainRows.find((row) => !Number.isNaN(values[row]))!]}; left out`,
    );
    return null;
  }
  const indicator = isIndicated(fit, values) ? ({ indicator: true } as const) : {};
  const [fill] = transform === null ? [fitted.fill] : columnMedians(values, 1, fit.trainRows);
  if (reading.as === 'date' && fit.preprocessing.dates === 'parts')
    return { ...fitParts(fit, name, values, fill), ...indicator, reading };
  if (fit.preprocessing.transform === 'auto') noteSkewed(fit, name, values);
  const type = reading.as === 'date' ? 'date' : 'number';
  const bending = transform === null ? {} : { transform };
  return { kind: 'number', name, type, ...bending, ...fitted, fill, ...indicator, reading };
}

type FittedScale = Scale & { readonly fill: number; readonly clip?: true };

/** Fits shift and scale to the training rows; returns null if all of them are equal. */
function fitScale(fit: ColumnFit, name: string, values: Float64Array): FittedScale | null {
  const { reader, trainRows, preprocessing } = fit;
  if (preprocessing.scaling === 'robust') {
    const sorted = sortedPresent(values, trainRows);
    if (sorted.length === 0) throw allMissing(reader, name);
    rejectOverflow(reader, name, sorted[sorted.length - 1] - sorted[0]);
    const fitted = robustScale(sorted);
    return fitted && { ...fitted, fill: fitted.shift, clip: true };
  }
  const { mean, std } = columnMoments(values, 1, trainRows);
  if (Number.isNaN(mean[0])) throw allMissing(reader, name);
  rejectOverflow(reader, name, std[0]);
  if (!(std[0] > 0)) return null;
  const [fill] = columnMedians(values, 1, trainRows);
  return { shift: mean[0], scale: scaleOf(std[0]), fill };
}

/** Whether a second input says which of the column's numbers are missing. */
function isIndicated({ preprocessing, trainRows }: ColumnFit, values: Float64Array): boolean {
  if (preprocessing.missingIndicators === 'never') return false;
  let missing = 0;
  for (const row of trainRows) if (Number.isNaN(values[row])) missing++;
  if (preprocessing.missingIndicators === 'any') return missing > 0;
  return missing >= INDICATED.rows && missing >= INDICATED.share * trainRows.length;
}

/** Takes dates apart. Parts that are the same in all training rows are left out. */
function fitParts(fit: ColumnFit, name: string, values: Float64Array, fill: number) {
  const { trainRows, notes } = fit;
  const numbers = GROWING.flatMap((part) => {
    const parts = values.map((days) => datePart(part, days));
    const fitted = fitScale(fit, name, parts);
    return fitted === null ? [] : [{ part, shift: fitted.shift, scale: fitted.scale }];
  });
  const present = Array.from(trainRows, (row) => values[row]).filter((days) => !Number.isNaN(days));
  const circles = CIRCLES.filter((circle) => new Set(present.map((days) => turnOf(circle, days))).size > 1);
  const parts = [...numbers.map(({ part }) => part), ...circles];
  notes.push(`column "${name}": each date is taken apart into ${parts.join(', ')}`);
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
  { reader, trainRows, notes }: ColumnFit,
  name: string,
  values: Float64Array,
  kind: Transform['kind'],
): Transform | null {
  const sorted = sortedPresent(values, trainRows);
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
function noteSkewed({ trainRows, notes }: ColumnFit, name: string, values: Float64Array): void {
  const skew = skewness(values, trainRows);
  if (!(skew > SKEWED) || trainRows.some((row) => values[row] < 0)) return;
  notes.push(
    `column "${name}": skewed (skewness ${skew.toFixed(1)}); --transform ${shellWord(`${name}=log`)} may help`,
  );
}
