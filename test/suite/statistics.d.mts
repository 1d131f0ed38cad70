export function variance(values: readonly number[]): number;
export function ranks(values: readonly number[]): number[];
export function interval(
  values: readonly number[],
  testToTrain?: number,
): { readonly mean: number; readonly half: number };
