import type { TrainedWith, VerifiedEvent } from '../../src/run/verify.js';
import { countOf, facts } from './text.js';
import { workersText } from './training.js';

/** Writes what a verification shows. */
export function verifiedText(event: VerifiedEvent): string {
  const { run, equal, difference, recorded, again, epochs, checkpoints, weightsSha256 } = event;
  const files = `${countOf(checkpoints.length, 'checkpoint')} (after step ${checkpoints.join(', ')})`;
  const compared = [countOf(epochs, 'epoch'), ...(checkpoints.length > 0 ? [files] : [])];
  return facts([
    ['verified', `${run}: ${equal ? 'the same bits' : 'the bits differ'}`],
    ['the run', meansText(recorded)],
    ['again', meansText(again) + (recorded.kernels === again.kernels ? '' : ', which have the same bits')],
    ['compared', compared.join(', ')],
    ['weights', weightsSha256 && `sha256 ${weightsSha256}`],
    ['first difference', difference],
  ]);
}

const meansText = ({ workers, kernels }: TrainedWith): string =>
  `${workers === null ? 'workers unknown' : workersText(workers)}, ${kernels} kernels`;
