/** The thread that parses parts of plain CSV files. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PartRange, type PlainFiles, PlainPartReader } from '../src/data/tables/plainparts.js';

const reader = new PlainPartReader(workerData as PlainFiles);

parentPort!.on('message', (range: PartRange) => {
  const part = reader.read(range);
  parentPort!.postMessage(part, part === null ? [] : [part.numbers.buffer, part.codes.buffer]);
});
