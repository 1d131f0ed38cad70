/**
 * Repeats a pass as a recording: layer by layer JavaScript makes a dozen calls of machine code, always with
 * the same arrays and sizes, and until the engine has compiled it, which takes epochs of a small network, it
 * takes longer than the calls themselves.
 */
import type { FloatArray, Recording } from '../kernels/kernels.js';
import type { BoundSequence, Pass } from './layer.js';

/** `forward` or `backward` of the network (sequence.ts). */
export type RunNetwork = (pass: Pass, network: Pick<BoundSequence, 'passes'>) => void;

/**
 * Returns a function that runs layer by layer the first time, and from then on as a recording of that, where
 * the layers and the kernels allow it. It must be called with the same network, and for the same rows of a
 * batch and their shards, each time.
 */
export function replayed(run: RunNetwork): RunNetwork {
  /** null: there can be none, undefined: it was not tried. */
  let recording: Recording | null | undefined;
  /** The gradients of which the kernels have said how large they are. */
  let gradients: FloatArray[] = [];
  return (pass, network) => {
    if (recording) {
      const most = recording();
      if (!pass.seen || gradients.length === 0) return;
      pass.seen.arrays = gradients;
      pass.seen.most = most;
    } else if (recording === undefined && network.passes.recordable && pass.kernels.record) {
      recording = pass.kernels.record(() => run(pass, network));
      gradients = pass.seen?.arrays ?? [];
    } else run(pass, network);
  };
}
