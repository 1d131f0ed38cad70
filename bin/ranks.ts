/** Runs a command as one of the ranks that mpiexec, mpirun or srun has started. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../src/errors.js';
import type { Launch } from '../src/ranks/launcher.js';
import type { MpiRanks } from '../src/ranks/mpi.js';
import type { Ranks } from '../src/ranks/ranks.js';
import { report } from './render/exit.js';

/** The commands that several ranks run together. */
const TOGETHER = ['train', 'resume'];
/** Milliseconds in which rank 0 says what all ranks have met, before another says it. */
const FIRST_RANKS_TURN = 2000;
/** Milliseconds in which the launcher passes on what was printed last. */
const PASSING_ON = 100;
/**
 * Milliseconds in which the other ranks end, with 0, before rank 0 does with the exit code of all: mpiexec
 * kills those that still run when one ends with another code, and says so at length.
 */
const OTHERS_END = 500;

let met: Ranks | undefined;

/** The ranks of which this process is one; undefined where it was started alone. */
export const ranksOfThisProcess = (): Ranks | undefined => met;

/**
 * Runs a command together with the other ranks, and returns the exit code. Rank 0 alone prints.
 * @throws what all ranks have ended with; what one rank has met alone is reported here and ends all of them
 */
export async function amongRanks(
  { rank, ...launch }: Launch,
  command: string | undefined,
  run: () => Promise<number>,
): Promise<number> {
  if (command === undefined || !TOGETHER.includes(command)) {
    if (rank > 0) silence();
    throw new UsageError(
      `gradpool ${command ?? ''}: only ${TOGETHER.join(' and ')} run as several ranks; start this command without mpiexec`,
    );
  }
  const speak = rank > 0 ? silence() : () => {};
  let mpi: MpiRanks;
  try {
    mpi = await (await import('../src/ranks/mpi.js')).meetByMpi({ rank, ...launch });
  } catch (error) {
    if (rank > 0) await sleep(FIRST_RANKS_TURN);
    speak();
    throw error;
  }
  met = mpi.ranks;
  try {
    const code = await met.whileTelling(run);
    // A signal may have come to one rank only; it ends all with the same code.
    const codes = await met.tell(code ?? 0);
    await mpi.finish();
    if (rank > 0) return 0;
    const exitCode = Math.max(...codes);
    if (exitCode > 0) await sleep(OTHERS_END);
    return exitCode;
  } catch (error) {
    if (met.isKnown(error)) {
      await mpi.finish();
      if (rank > 0) return 0;
      await sleep(OTHERS_END);
      throw error;
    }
    if (rank > 0) {
      await sleep(FIRST_RANKS_TURN);
      speak();
      process.stderr.write(`gradpool: ${met.nameOf(rank)} ends all of them:\n`);
    }
    const code = report(error);
    await sleep(PASSING_ON);
    mpi.abort(code);
    return code;
  }
}

/** Says, once, that each of srun's tasks runs the whole command: they may have been meant as ranks. */
export function sayThatTasksAreSeparate(tasks: number, command: string | undefined): void {
  if (command === undefined || !TOGETHER.includes(command) || process.env.SLURM_PROCID !== '0') return;
  process.stderr.write(
    `gradpool: each of the ${tasks} tasks that srun has started runs the whole command; for ranks of one training use srun --mpi=pmi2\n`,
  );
}

/** Keeps this process from printing; the function returned lets it speak again. */
function silence(): () => void {
  const streams = [process.stdout, process.stderr];
  const writes = streams.map(({ write }) => write);
  const nothing = (...given: unknown[]): boolean => {
    const done = given.at(-1);
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  };
  for (const stream of streams) stream.write = nothing as typeof stream.write;
  return () => {
    for (const [i, stream] of streams.entries()) stream.write = writes[i];
  };
}
