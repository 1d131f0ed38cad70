/** Knows by their environment variables the programs that start one process a rank: mpiexec, mpirun, srun. */

type Environment = Readonly<Record<string, string | undefined>>;

/** What a launcher says of this process. */
export interface Launch {
  readonly rank: number;
  /** Processes that were started together. */
  readonly size: number;
  /** Those of them on this machine; null where the launcher does not say. */
  readonly here: number | null;
  /** The MPI whose launcher it is; null where any may be. */
  readonly kind: 'Open MPI' | null;
}

/**
 * Returns what the launcher says, or null where this process was started alone. `srun` without --mpi starts
 * processes that know nothing of each other, and they stay so: `separateTasks` counts them.
 */
export function launchOf(environment: Environment = process.env): Launch | null {
  const number = (name: string) => Number(environment[name] ?? Number.NaN);
  const here = (name: string) => number(name) || null;
  const { PMIX_RANK, SLURM_STEP_NUM_TASKS } = environment;
  const open: Launch = {
    rank: number('OMPI_COMM_WORLD_RANK'),
    size: number('OMPI_COMM_WORLD_SIZE'),
    here: here('OMPI_COMM_WORLD_LOCAL_SIZE'),
    kind: 'Open MPI',
  };
  const hydra: Launch = {
    rank: number('PMI_RANK'),
    size: number('PMI_SIZE'),
    here: here('MPI_LOCALNRANKS'),
    kind: null,
  };
  const slurm: Launch = {
    rank: Number(PMIX_RANK),
    size: Number(SLURM_STEP_NUM_TASKS),
    here: null,
    kind: null,
  };
  return [open, hydra, slurm].find(({ rank, size }) => size > 1 && rank >= 0) ?? null;
}

/** Returns how many tasks `srun` has started without a way to meet; 0 where it has not. */
export function separateTasks(environment: Environment = process.env): number {
  const tasks = Number(environment.SLURM_STEP_NUM_TASKS ?? 0);
  return tasks > 1 && launchOf(environment) === null ? tasks : 0;
}
