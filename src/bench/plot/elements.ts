/** The elements that charts are put together from. */
import type { Estimate } from '../statistics.js';
import { PANEL } from './theme.js';

/** A panel is one of Vega-Lite's views, which checks it itself. */
export type Panel = Readonly<Record<string, unknown>>;

/** Returns a view of the usual size under a title. */
export const panel = (title: string, subtitle: string, rest: object): Panel => ({
  title: { text: title, subtitle },
  ...PANEL,
  ...rest,
});

/** Colours marks by the field `series`, in the order of the names. */
export const series = (names: readonly string[], colours: readonly string[]) => ({
  field: 'series',
  type: 'nominal',
  sort: null,
  scale: { domain: names, range: colours },
});

/** Returns an estimate's numbers alone, as the data of a chart. */
export const ends = ({ value, low, high }: Estimate) => ({ value, low, high });
