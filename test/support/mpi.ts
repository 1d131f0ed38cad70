/** The launchers of the MPIs of this machine, and processes that they start. */
import { spawn, spawnSync } from 'node:child_process';
import { type MpiLibrary, surveyMpi } from '#src/ranks/library.js';
import type { Ended } from '../bin/cli.js';

/** The names that Debian gives the launchers of each MPI, and how these call themselves. */
const KINDS: Readonly<Record<MpiLibrary['kind'], { readonly command: string; readonly says: RegExp }>> = {
  MPICH: { command: 'mpiexec.mpich', says: /HYDRA/ },
  'Open MPI': { command: 'mpiexec.openmpi', says: /Open ?(RTE|MPI)/ },
};

/** Open MPI starts nothing for root, and no more ranks than cores, unless it is told to. */
export const MPI_ENVIRONMENT = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
};

interface Launcher {
  readonly kind: MpiLibrary['kind'];
  readonly command: string;
}

/** The launchers whose libraries are here. */
export function mpiLaunchers(): Launcher[] {
  const found = surveyMpi().flatMap(({ kind }) => {
    const { command, says } = KINDS[kind];
    const works = (name: string) => says.test(`${spawnSync(name, ['--version']).stdout ?? ''}`);
    return [command, 'mpiexec']
      .filter(works)
      .slice(0, 1)
      .map((name) => ({ kind, command: name }));
  });
  if (found.length === 0) console.warn('no MPI here: the ranks that mpiexec starts are not tested');
  return found;
}

/** Runs ranks, each of them Node with words of its own. */
export function runRanks(command: string, folder: string, ranks: readonly string[][]): Promise<Ended> {
  const words = ranks.flatMap((rank, i) => [...(i > 0 ? [':'] : []), '-n', '1', process.execPath, ...rank]);
  const child = spawn(command, words, { cwd: folder, env: MPI_ENVIRONMENT });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((done) => {
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
