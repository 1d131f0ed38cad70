export function timed(
  command: readonly string[],
): Promise<{ readonly stdout: string; readonly seconds: number; readonly cpuSeconds: number }>;
export function childSeconds(times: string): number;
