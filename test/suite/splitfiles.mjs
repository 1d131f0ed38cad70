/** Writes the files of a split, once, the same for all contestants. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { about, FOLDER } from './folder.mjs';
import { splits } from './splits.mjs';

/** Lists splits as [repeat, fold], all folds of the first repeat first. */
export function splitsFor({ repeats, folds }) {
  return Array.from({ length: repeats * folds }, (_, index) => [Math.floor(index / folds), index % folds]);
}

/** Returns the folder with train.csv and test.csv of a split, and writes them if they are not there. */
export function splitFolder(name, repeat, fold) {
  const folder = join(FOLDER, 'splits', name, `r${repeat}f${fold}`);
  if (!existsSync(join(folder, 'test.csv'))) {
    const foldOf = foldsOf(name)[repeat];
    const [header, ...lines] = readFileSync(join(FOLDER, 'tables', `${name}.csv`), 'utf8')
      .trimEnd()
      .split('\n');
    mkdirSync(folder, { recursive: true });
    const write = (file, kept) => {
      const text = [header, ...lines.filter((_, row) => kept(foldOf[row]))].join('\n');
      // A run beside this one may write the same file, so that it appears only when it is whole.
      writeFileSync(join(folder, `${file}.${process.pid}`), `${text}\n`);
      renameSync(join(folder, `${file}.${process.pid}`), join(folder, file));
    };
    write('train.csv', (of) => of !== fold);
    write('test.csv', (of) => of === fold);
  }
  return folder;
}

/** Returns the targets of a split's test rows: words, or numbers. */
export function testTargets(name, repeat, fold) {
  const foldOf = foldsOf(name)[repeat];
  return about(name).targets.filter((_, row) => foldOf[row] === fold);
}

/** Returns the folds of a table's rows, from the file of splits, which is written once. */
function foldsOf(name) {
  const file = join(FOLDER, 'splits', `${name}.json`);
  if (!existsSync(file)) {
    const { targets, task } = about(name);
    mkdirSync(join(FOLDER, 'splits'), { recursive: true });
    const text = splits(targets, task)
      .map((foldOf) => `"${foldOf.join('')}"`)
      .join(',\n');
    writeFileSync(file, `[\n${text}\n]\n`);
  }
  return JSON.parse(readFileSync(file, 'utf8')).map((digits) => Array.from(digits, Number));
}
