/** Finds the package's own examples, so that the commands in its documents work in any folder. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printNotes } from './render/output.js';

/** Returns a file as it was named, or the package's own where examples/… is not in the current folder. */
export function exampleFile(path: string): string {
  if (!/^(\.\/)?examples\/[\w./-]+$/.test(path) || existsSync(path)) return path;
  const own = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  if (!existsSync(own)) return path;
  printNotes([`${path}: it is not in this folder, so gradpool's own is taken: ${own}`]);
  return own;
}
