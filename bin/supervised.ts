/** The flag by which a training has a parent that restarts it, and what such a training does. */

export const SUPERVISE_FLAG = {
  supervise: {
    describe:
      'start the training again from its last checkpoint whenever its process dies, up to five times in a row without a new one',
    boolean: true,
    group: 'Run',
  },
} as const;

/** The variable by which a process knows that its parent restarts it. */
export const SUPERVISED = 'SUPERVISED_BY_GRADPOOL';

/** Ends a supervised process as SIGTERM does when its parent is gone, so that it is not left behind. */
export function endWithParent(): void {
  if (process.env[SUPERVISED] === undefined || process.channel === undefined) return;
  delete process.env[SUPERVISED];
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
