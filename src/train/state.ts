import { FRESH_PLATEAU, type PlateauState } from '../optim/plateau.js';
import type { Metrics } from './events.js';

/** Where training stands, beside the arrays: plain data, stored in every checkpoint. */
export interface TrainState {
  /** steps done */
  step: number;
  /** Σ w·Div, Σ w, Σ score and rows of the epoch under way */
  epochLoss: number;
  epochWeight: number;
  epochScore: number;
  epochRows: number;
  /** the training metrics of the last whole epoch, and the loss of the one before */
  train: Metrics | null;
  lossBefore: number | null;
  val: Metrics | null;
  /** the best epoch so far, and what was measured after it */
  best: { epoch: number; train: Metrics; val: Metrics | null } | null;
  /** what schedule `plateau` remembers */
  plateau: PlateauState;
  /** rows trained on, and the seconds it took, over all sittings */
  samples: number;
  seconds: number;
}

export function freshState(): TrainState {
  return {
    step: 0,
    epochLoss: 0,
    epochWeight: 0,
    epochScore: 0,
    epochRows: 0,
    train: null,
    lossBefore: null,
    val: null,
    best: null,
    plateau: FRESH_PLATEAU,
    samples: 0,
    seconds: 0,
  };
}
