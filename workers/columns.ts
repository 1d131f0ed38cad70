/** The piscina worker that goes through columns on disk while a table is streamed. */
import { type ColumnTask, workColumns } from '../src/data/tables/columnwork.js';
import { answering } from '../src/threads.js';

const answer = answering(workColumns);

export default (task: ColumnTask): unknown => answer(task);
