import { describe, expect, it } from 'vitest';
import { launchOf, separateTasks } from '#src/ranks/launcher.js';

const HYDRA = { PMI_RANK: '1', PMI_SIZE: '3', MPI_LOCALNRANKS: '2' };
const OPEN_MPI = {
  OMPI_COMM_WORLD_RANK: '0',
  OMPI_COMM_WORLD_SIZE: '2',
  OMPI_COMM_WORLD_LOCAL_SIZE: '2',
};
/** What `srun -n 2` sets, and what it adds with --mpi=pmi2 and --mpi=pmix. */
const SLURM = { SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '2', SLURM_NTASKS: '2' };
const PMI2 = { ...SLURM, PMI_FD: '11', PMI_RANK: '0', PMI_SIZE: '2' };
const PMIX = { ...SLURM, PMIX_RANK: '1' };

describe('a launcher', () => {
  it.each([
    ['mpiexec of MPICH', HYDRA, { rank: 1, size: 3, here: 2, kind: null }],
    ['mpirun of Open MPI', OPEN_MPI, { rank: 0, size: 2, here: 2, kind: 'Open MPI' }],
    ['srun --mpi=pmi2', PMI2, { rank: 0, size: 2, here: null, kind: null }],
    ['srun --mpi=pmix', PMIX, { rank: 1, size: 2, here: null, kind: null }],
    ['srun without --mpi', SLURM, null],
    ['no launcher', {}, null],
    ['mpiexec -n 1', { PMI_RANK: '0', PMI_SIZE: '1' }, null],
  ])('is known: %s', (_, environment, launch) => {
    expect(launchOf(environment)).toEqual(launch);
  });

  it('has started separate tasks only where they cannot meet', () => {
    expect(separateTasks(SLURM)).toBe(2);
    for (const environment of [PMI2, PMIX, HYDRA, {}, { ...SLURM, SLURM_STEP_NUM_TASKS: '1' }])
      expect(separateTasks(environment)).toBe(0);
  });
});
