/** One rank of a benchmark: `gradpool bench --ranks` starts it by mpiexec, with its setup as JSON. */
import { createInterface } from 'node:readline';
import { serveRank } from '../src/bench/ranks/member.js';
import type { RankOrder, RankSetup } from '../src/bench/ranks/setup.js';
import { launchOf } from '../src/ranks/launcher.js';
import { type MpiRanks, meetByMpi } from '../src/ranks/mpi.js';
import { report } from './render/exit.js';

const setup = JSON.parse(process.argv[2]) as RankSetup;
const launch = launchOf();
let mpi: MpiRanks | null = null;
try {
  mpi = launch && (await meetByMpi(launch));
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const talk = {
    /** The benchmark is gone where nothing more comes. */
    async hear(): Promise<RankOrder> {
      const { done, value } = await lines.next();
      return done ? { kind: 'end' } : (JSON.parse(value) as RankOrder);
    },
    say: (words: unknown) => void process.stdout.write(`${JSON.stringify(words)}\n`),
  };
  await serveRank(setup, mpi?.ranks ?? null, mpi?.version ?? null, talk);
  await mpi?.finish();
  process.exit(0); // the lines of standard input may still be open
} catch (error) {
  const code = report(error);
  mpi?.abort(code);
  process.exit(code);
}
