/** A table as DuckDB sees it: what its columns are, and the SQL that reads it. */
export interface RawColumn {
  readonly name: string;
  /** DuckDB's type */
  readonly type: string;
}

export interface Relation {
  /** what the user wrote, for messages */
  readonly source: string;
  readonly columns: readonly RawColumn[];
  /** the source declares its types (Parquet, a query): a column of text is meant as text */
  readonly typed: boolean;
  /** the table expression and its types, those of `wanted` where the format has none of its own */
  readonly read: (wanted: ReadonlyMap<string, string>) => {
    table: string;
    types: ReadonlyMap<string, string>;
  };
  /** takes note of a conversion that failed so that the next reading succeeds, or throws the error in our words */
  readonly retry: (error: unknown) => Promise<void>;
  /** `file: row 3 (line 4)` for a row number from 0 */
  readonly locate: (row: number) => Promise<string>;
}
