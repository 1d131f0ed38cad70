/** The thread that goes through columns on disk while a table is streamed. */
import { workColumns } from '../src/data/tables/columnwork.js';
import { answerTasks } from '../src/data/taskthreads.js';

answerTasks(workColumns);
