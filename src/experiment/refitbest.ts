/** Trains the best configuration of a sweep once more at the end, on the validation rows too. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { boardOfParts } from '../run/board.js';
import { RUN_FILES, readRun } from '../run/folder.js';
import { kernelKeys } from '../run/kernels.js';
import { resume, train } from '../run/train.js';
import { SWEEP_FILES } from './folder.js';
import type { LeaderboardRow } from './leaderboard.js';
import type { PreparedSweep } from './prepare.js';
import { valueAtPath } from './searches/paths.js';
import { configured } from './searches/space.js';

/**
 * Trains the configuration with the first seed as `gradpool train --refit` does, in a folder of its own below
 * the sweep's. Returns that folder; null where it was interrupted.
 */
export async function refitBest(
  { space, definition, planner, own }: PreparedSweep,
  folder: string,
  { axes }: LeaderboardRow,
  run: { readonly signal: AbortSignal; readonly argv: readonly string[] },
): Promise<string | null> {
  const out = join(folder, SWEEP_FILES.refit);
  const { signal, argv } = run;
  const left = existsSync(join(out, RUN_FILES.record)) ? readRun(out) : null;
  const isOf = (config: object) =>
    Object.entries(axes).every(
      ([path, value]) => JSON.stringify(valueAtPath(config, path)) === JSON.stringify(value),
    );
  const begun = left !== null && isOf(left.config);
  if (begun && (left.record.status === 'completed' || left.record.status === 'early-stopped')) return out;
  if (!begun) rmSync(out, { recursive: true, force: true });
  const { kernels = 'auto' } = configured(space.base, axes);
  const known = kernels === 'auto' ? planner.kernels : null;
  const chosen = known ? kernelKeys(known.name, known.library) : {};
  const { tensorboard = false } = space.base;
  const board = { tensorboard: boardOfParts(tensorboard, folder) };
  const options = {
    ...configured(space.base, axes),
    seed: definition.seeds[0],
    refit: true,
    ...chosen,
    ...board,
  };
  const events = begun ? resume(out, { signal, ...own }) : train(options, { out, signal, argv });
  let status = 'interrupted';
  for await (const event of events) if (event.type === 'end') status = event.status;
  return status === 'interrupted' ? null : out;
}
