type Task = 'classification' | 'regression';
type Scores = Readonly<Record<string, number>>;

export function scoresOfReport(
  test: { readonly loss: number; readonly accuracy?: number; readonly rmse?: number },
  task: Task,
  targets: readonly (string | number)[],
): Scores;
export function scoresOfPredictions(
  predictions: readonly Readonly<Record<string, unknown>>[],
  name: string,
  task: Task,
  targets: readonly (string | number)[],
): Scores;
