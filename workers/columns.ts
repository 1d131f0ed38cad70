/** The worker that goes through columns on disk while a table is streamed. */
import { answering } from '../src/answers.js';
import { type ColumnTask, workColumns } from '../src/data/tables/columnwork.js';

export default (): ((task: ColumnTask) => unknown) => answering(workColumns);
