import type { Result } from './store.mjs';
import type { SuiteTable } from './tables.mjs';

type Entries = ReadonlyMap<string, Result>;
type Table = Pick<SuiteTable, 'name' | 'task' | 'half'>;

export interface Cell {
  readonly contestant: string;
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly failed: readonly Result[];
  readonly firstRank: number;
  readonly secondRank: number;
}

export interface Standing extends Table {
  readonly splits: number;
  readonly cells: readonly Cell[];
}

export const SCORES: Readonly<Record<SuiteTable['task'], readonly [string, string]>>;
export function standing(
  entries: Entries,
  table: Table,
  contestants: readonly string[],
  pairs: readonly (readonly [repeat: number, fold: number])[],
): Standing | null;
export function averageRank(
  standings: readonly Standing[],
  contestant: string,
  score: 'first' | 'second',
  counts?: (standing: Standing) => boolean,
): number;
export function change(
  from: readonly number[],
  to: readonly number[],
): { readonly mean: number; readonly half: number };
export function lost(
  standings: readonly Standing[],
  contestant: string,
): {
  readonly name: string;
  readonly half: string;
  readonly to: string;
  readonly rank: number;
  readonly excess: number;
  readonly width: number;
  readonly failed: number;
}[];
export function ablation(
  standings: readonly Standing[],
  base: string,
  variant: string,
): {
  readonly tables: number;
  readonly failed: number;
  readonly change: number;
  readonly half: number;
  readonly second: number;
  readonly better: number;
};
export function totalSeconds(
  entries: Entries,
  tables: readonly Table[],
  contestants: readonly string[],
  contestant: string,
  key: 'seconds' | 'cpuSeconds' | 'trainSeconds',
): { readonly tables: number; readonly seconds: number };
