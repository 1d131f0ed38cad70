export interface Result {
  readonly contestant: string;
  readonly table: string;
  readonly repeat: number;
  readonly fold: number;
  readonly error?: string;
  readonly [score: string]: string | number | undefined;
}

export function keyOf(result: Pick<Result, 'contestant' | 'table' | 'repeat' | 'fold'>): string;
export function readStore(file: string): Map<string, Result>;
export function append(file: string, entry: Result): void;
