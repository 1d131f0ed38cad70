/** The worker that parses parts of plain CSV files. */
import { type PartRange, type PlainFiles, PlainPartReader } from '../src/data/tables/plainparts.js';
import { handedOver } from '../src/threads.js';

export default (files: PlainFiles) => {
  const reader = new PlainPartReader(files);
  return (range: PartRange) => {
    const part = reader.read(range);
    return part && handedOver(part, [part.numbers.buffer, part.codes.buffer]);
  };
};
