/** The piscina worker that parses parts of plain CSV files. */
import { workerData } from 'node:worker_threads';
import { type PartRange, type PlainFiles, PlainPartReader } from '../src/data/tables/plainparts.js';
import { handedOver } from '../src/threads.js';

const { files } = workerData as { readonly files: PlainFiles };
const reader = new PlainPartReader(files);

export default (range: PartRange) => {
  const part = reader.read(range);
  return part && handedOver(part, [part.numbers.buffer, part.codes.buffer]);
};
