/**
 * Keeps the checkpoints before the newest one: where a file has been damaged on the disk, a run goes on from
 * the one before it.
 */
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { temporaryFor } from '../atomic.js';

/** Returns the file of a generation: 0 is the newest, which has the name itself. */
export function generation(file: string, age: number): string {
  const suffix = extname(file);
  return age === 0 ? file : `${file.slice(0, -suffix.length)}-${age}${suffix}`;
}

/** Returns the ages of the generations that there are, the youngest first. */
export function generationAges(file: string): number[] {
  if (!existsSync(dirname(file))) return [];
  const suffix = extname(file);
  const stem = basename(file, suffix);
  const ages = readdirSync(dirname(file)).flatMap((name) => {
    if (name === basename(file)) return [0];
    const middle = name.startsWith(`${stem}-`) && name.endsWith(suffix) ? name.slice(stem.length + 1) : '';
    const age = /^([1-9]\d{0,3})\./.exec(middle);
    return age ? [Number(age[1])] : [];
  });
  return ages.sort((a, b) => a - b);
}

/**
 * Makes each generation one older, and removes those beyond the `kept` ones. The newest stays in its place as
 * well, so that there is one at every instant, until another replaces it.
 */
export function ageGenerations(file: string, kept: number): void {
  for (const age of generationAges(file).reverse()) {
    if (age + 1 >= kept && age > 0) rmSync(generation(file, age));
    else if (age > 0) renameSync(generation(file, age), generation(file, age + 1));
    else if (kept > 1) duplicate(file, generation(file, 1));
  }
}

/** Gives a file a second name, or copies it where the file system cannot do that. */
function duplicate(from: string, to: string): void {
  const temporary = temporaryFor(to);
  rmSync(temporary, { force: true });
  try {
    linkSync(from, temporary);
  } catch {
    copyFileSync(from, temporary);
  }
  renameSync(temporary, to);
}
