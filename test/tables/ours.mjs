/** Prints what gradpool reads from a table, one column a line: `node test/tables/ours.mjs FILE`. */
import { openSource } from '../../dist/src/data/source.js';
import { NO_WORD } from '../../dist/src/data/tables/cells.js';
import { convert } from '../../dist/src/data/tables/convert.js';
import { decideTable } from '../../dist/src/data/tables/decidetable.js';
import { withTable } from '../../dist/src/data/tables/opentable.js';

await withTable(openSource(process.argv[2]), undefined, async (reader) => {
  const { columns } = await decideTable(reader, {}, undefined);
  for (const { name, cells, decision } of columns) {
    const { reading, question } = decision;
    const { column, misfit } = convert(cells, reading);
    const open = question ?? misfit?.word ?? null;
    if (open !== null) throw new Error(`column "${name}" is not read without a question: ${open}`);
    const type = reading.as === 'words' ? 'text' : reading.as;
    process.stdout.write(`${JSON.stringify({ name, type, values: plain(column) })}\n`);
  }
});

/** Returns numbers or words, null for a missing value. A double survives JSON unchanged. */
function plain(column) {
  if (column.kind === 'numbers') return Array.from(column.values, (x) => (Number.isNaN(x) ? null : x));
  return Array.from(column.codes, (code) => (code === NO_WORD ? null : column.words[code]));
}
