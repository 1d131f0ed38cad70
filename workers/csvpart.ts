/** The thread that parses parts of plain CSV files. */
import { workerData } from 'node:worker_threads';
import { type PlainFiles, PlainPartReader } from '../src/data/tables/plainparts.js';
import { answerTasks } from '../src/data/taskthreads.js';

const reader = new PlainPartReader(workerData as PlainFiles);

answerTasks(reader.read.bind(reader), (part) =>
  part === null ? [] : [part.numbers.buffer, part.codes.buffer],
);
