/** What the charts are put together from. */
import type { Estimate } from '../statistics.js';
import { PANEL } from './theme.js';

/** One of Vega-Lite's views, which it checks itself. */
export type Panel = Readonly<Record<string, unknown>>;

export const panel = (title: string, subtitle: string, rest: object): Panel => ({
  title: { text: title, subtitle },
  ...PANEL,
  ...rest,
});

export const series = (names: readonly string[], colours: readonly string[]) => ({
  field: 'series',
  type: 'nominal',
  sort: null,
  scale: { domain: names, range: colours },
});

export const ends = ({ value, low, high }: Estimate) => ({ value, low, high });

export const who = (workers: number): string =>
  workers === 0 ? 'in-process' : `${workers} worker${workers === 1 ? '' : 's'}`;
