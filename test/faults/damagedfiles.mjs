/** A small run whose files are damaged, by the tests of the suite and by `npm run test:faults`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const SMALL_RUN = {
  data: 'moons:40',
  val: 0.25,
  hidden: [2],
  batch: 10,
  epochs: 3,
  optimizer: 'adam',
  lr: 0.01,
  kernels: 'portable',
  workers: 0,
  checkpointEvery: 2,
};

/** Reads all files of a run; returns them by their names. */
export function filesOf(run) {
  const names = readdirSync(run, { recursive: true }).map(String);
  const files = names.filter((name) => statSync(join(run, name)).isFile());
  return new Map(files.sort().map((name) => [name, readFileSync(join(run, name))]));
}

/** Returns the bytes cut short for an even place, with a bit flipped for an odd one, and which it is. */
export function damaged(bytes, place) {
  const at = place >> 1;
  if (place % 2 === 0) return { what: `cut at byte ${at}`, bytes: bytes.subarray(0, at) };
  const flipped = Buffer.from(bytes);
  flipped[at] ^= 1 << (at % 8);
  return { what: `bit ${at % 8} of byte ${at} flipped`, bytes: flipped };
}

/** Writes a run's folder anew, with other bytes in the file `name`, if it is given. */
export function writeRun(run, files, name, bytes) {
  rmSync(run, { recursive: true, force: true });
  for (const [other, whole] of files) {
    mkdirSync(dirname(join(run, other)), { recursive: true });
    writeFileSync(join(run, other), other === name ? bytes : whole);
  }
}
