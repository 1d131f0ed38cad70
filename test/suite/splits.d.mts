export const FOLDS: number;
export const REPEATS: number;
export function splits(
  targets: readonly (string | number)[],
  task: 'classification' | 'regression',
  counts?: { readonly folds?: number; readonly repeats?: number },
): number[][];
