export interface SuiteTable {
  readonly name: string;
  readonly package: string;
  readonly item: string;
  readonly target: string;
  readonly task: 'classification' | 'regression';
  readonly half: 'choose' | 'confirm';
  readonly sample?: number;
}

export const PACKAGES: Readonly<Record<string, { readonly licence: string; readonly by: string }>>;
export const PEER_PACKAGES: readonly string[];
export const TABLES: readonly SuiteTable[];
export const HALVES: readonly ['choose', 'confirm'];
