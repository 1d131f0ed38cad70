/** What runs machine code. */
import { address } from '../foreign.js';
import { callable } from './memory.js';

/** A processor: this machine's, or a test's emulation of one that is not there. */
export interface Processor {
  addressOf(buffer: ArrayBufferLike): number;
  callable(address: number): (block: number) => void;
}

export const THIS_PROCESSOR: Processor = { addressOf: address, callable };
