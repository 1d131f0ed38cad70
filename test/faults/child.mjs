/**
 * Does pieces of what run.mjs hands out, in a folder of its own below the given one, and says before each try
 * what it tries, and after it what came of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PARTS } from './parts.mjs';

// A thread that runs out of memory shall do so soon.
setFlagsFromString('--max-old-space-size=96');

const [above, lane] = process.argv.slice(2);
const folder = join(above, `${lane}-${process.pid}`);
mkdirSync(folder);
const { Stream } = await import(new URL('../../dist/src/random.js', import.meta.url));

/** Makes every `of`th attempt of a row, from its `next` on. */
async function does({ row, count, next, of, seed }) {
  const { possible, attempt } = PARTS[row.part];
  const most = await possible(row, folder);
  const tries = Math.min(count, most);
  process.send({ possible: Number.isFinite(most) ? most : null });
  for (let index = next; index < tries; index += of) {
    const stream = new Stream(seed, 1000 + row.number, index);
    const tried = await attempt(row, {
      folder,
      index,
      place: Number.isFinite(most) ? Math.floor((index * most) / tries) : index,
      random: () => stream.uniform(),
      below: (number) => stream.below(number),
      trying: (what) => process.send({ trying: what, index }),
    });
    process.send({ tried: [tried].flat() });
  }
  process.send({ done: true });
}

process.on('message', (piece) =>
  does(piece).catch((error) => process.send({ failed: error.stack }, () => process.exit(1))),
);
process.on('disconnect', () => process.exit());
