/** What gradpool reads a table as, a column a line: `node test/tables/ours.mjs FILE`. */
import { openSource } from '../../dist/src/data/source.js';
import { NO_WORD } from '../../dist/src/data/tables/cells.js';
import { convert } from '../../dist/src/data/tables/convert.js';
import { withDuckDB } from '../../dist/src/data/tables/duckdb.js';
import { openTable } from '../../dist/src/data/tables/opentable.js';
import { understand } from '../../dist/src/data/tables/understand.js';

await withDuckDB(async (connection) => {
  const reader = await openTable(connection, openSource(process.argv[2]));
  const { columns } = await understand(reader, {}, undefined);
  for (const { name, cells, decision } of columns) {
    const { reading, question } = decision;
    const { column, misfit } = convert(cells, reading);
    const open = question ?? misfit?.word ?? null;
    if (open !== null) throw new Error(`column "${name}" is not read without a question: ${open}`);
    const type = reading.as === 'words' ? 'text' : reading.as;
    process.stdout.write(`${JSON.stringify({ name, type, values: plain(column) })}\n`);
  }
  reader.close();
});

/** Numbers or words, null where a value is missing. JSON writes a double so that it is read back as the same one. */
function plain(column) {
  if (column.kind === 'numbers') return Array.from(column.values, (x) => (Number.isNaN(x) ? null : x));
  return Array.from(column.codes, (code) => (code === NO_WORD ? null : column.words[code]));
}
