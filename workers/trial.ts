/** The worker of a sweep: trains the trial that it is given. */
import { type TrialJob, trainTrial } from '../src/experiment/trial.js';
import { type PostedJob, serveJob } from '../src/parallel/jobs.js';

/** Milliseconds between two steps that are reported, of which there may be thousands a second. */
const STEP_INTERVAL = 200;

export default () =>
  (posted: PostedJob<TrialJob>): Promise<void> =>
    serveJob(posted, (job, signal) => trainTrial(job, signal, { stepInterval: STEP_INTERVAL }));
