import { painter } from '../render/text.js';

/** What was inferred, filled or dropped, on stderr. */
export function notes(lines: readonly string[]): void {
  const paint = painter(process.stderr);
  for (const line of lines) process.stderr.write(`${paint('dim', line)}\n`);
}
