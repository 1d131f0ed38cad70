/** The worker of a bag or a cross-validation: trains the member or fold that it is given. */
import { type PostedJob, serveJob } from '../src/parallel/jobs.js';
import { type MemberJob, trainMember } from '../src/run/member.js';

/** Milliseconds between two steps that are reported, of which there may be thousands a second. */
const STEP_INTERVAL = 100;

export default () =>
  (posted: PostedJob<MemberJob>): Promise<void> =>
    serveJob(posted, (job, signal) => trainMember(job, signal, { stepInterval: STEP_INTERVAL }));
