/** The elements that charts are put together from. */
import type { Estimate } from '../statistics.js';
import { PANEL } from './theme.js';

/** A panel is a view specification of Vega-Lite, which checks it at run time. */
export type Panel = Readonly<Record<string, unknown>>;

/** Returns a view of the usual size under a title. */
export const panel = (title: string, subtitle: string, rest: object): Panel => ({
  title: { text: title, subtitle },
  ...PANEL,
  ...rest,
});

/** Returns the colour encoding of marks that belong to the series which their field `series` names. */
export const seriesColour = (names: readonly string[], colours: readonly string[]) => ({
  field: 'series',
  type: 'nominal',
  sort: null,
  scale: { domain: names, range: colours },
});

/** Returns an estimate's numbers as fields of a chart's data. */
export const chartValues = ({ value, low, high }: Estimate) => ({ value, low, high });
