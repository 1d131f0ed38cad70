/** The worker of a training. */
import { type ComputeCells, serving } from '../src/parallel/channel.js';
import {
  bindTraining,
  createContexts,
  decodeTask,
  taskHandler,
  type WorkerSetup,
} from '../src/train/tasks.js';

/** Returns what computes the task that stands in the cells of a channel: most often in its own workspace. */
export function taskComputer(setup: WorkerSetup, channel: number): ComputeCells {
  const contextOf = createContexts(setup, bindTraining(setup));
  contextOf(channel);
  const compute = taskHandler(contextOf, setup.subsets);
  return (cells, progress) => compute(decodeTask(cells), progress);
}

export default serving(taskComputer);
