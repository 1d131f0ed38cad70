export function blasEnvironments(avx512?: boolean): string[];
export function allocatorEnvironments(): string[];
export function splitSetting(setting: string): {
  words: string[];
  variables: Record<string, string>;
};
export function environmentWith(
  variables: Record<string, string>,
  inherited?: Record<string, string | undefined>,
): Record<string, string | undefined>;
