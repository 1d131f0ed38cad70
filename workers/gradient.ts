/** The worker of a training. */
import { type ComputeCells, serving } from '../src/parallel/channel.js';
import {
  bindTraining,
  createContexts,
  decodeTask,
  taskHandler,
  type WorkerSetup,
} from '../src/train/tasks.js';

/** Returns what computes the task that stands in the cells of a channel. */
export function taskComputer(setup: WorkerSetup): ComputeCells {
  const compute = taskHandler(createContexts(setup, bindTraining(setup)), setup.subsets);
  return (cells, progress) => compute(decodeTask(cells), progress);
}

export default serving(taskComputer);
