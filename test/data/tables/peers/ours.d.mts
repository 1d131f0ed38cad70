export interface Case {
  readonly name: string;
  readonly show: readonly number[];
  readonly why: string;
  /** Whether the case is a whole file rather than a column. */
  readonly isFile: boolean;
  /** Content of the file on disk. */
  readonly bytes: Uint8Array;
}

export interface Answer {
  readonly names?: readonly string[];
  readonly type?: string;
  readonly values?: readonly string[];
  readonly notes?: string | null;
  readonly asks?: string;
  readonly error?: string;
}

export const cases: readonly Case[];
export function shownRows(show: readonly number[], rows: number): number[];
export function decision(path: string, show: readonly number[]): Promise<Answer>;
export function cellOf(answer: Answer, isFile: boolean): string;
