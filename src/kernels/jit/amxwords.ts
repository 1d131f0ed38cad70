/** Writes the words of a block for AMX, where they differ from those for other functions. */
import type { WasmMemory } from '../wasm/types.js';
import { AMX_BLOCK } from './amxmodel.js';
import { BLOCK_ROWS } from './amxtile.js';
import { AMX_PROGRAM, MOST_PROGRAM, PROGRAM_AREA, WORD } from './block.js';
import { writeMask } from './mask.js';
import { type BlockWriter, blockWriter, mergesAfter } from './words.js';

const LANES = 16;
/** A line beyond the numbers keeps rows of the copy of A from competing for the same sets of the cache. */
const LINE = 64;
/** Most shards of one call: what is said of them fills the program's area. */
export const MOST_AMX_SHARDS = (8 * MOST_PROGRAM) / AMX_PROGRAM.bytes;
/** The tile registers: eight of 16 rows of 64 bytes. */
const TILES = { count: 8, rows: 16, rowBytes: 64 } as const;

/** Returns functions that write the words; shapes are cut into calls as for AVX512_BF16. */
export function amxWriter(memory: WasmMemory, scratch: number): BlockWriter {
  const writer = blockWriter('avx512', memory, scratch, true);
  const words = new Uint32Array(memory.buffer, scratch, PROGRAM_AREA / 4);
  const program = new Uint32Array(
    memory.buffer,
    scratch + PROGRAM_AREA,
    (MOST_AMX_SHARDS * AMX_PROGRAM.bytes) / 4,
  );
  const sizes = new DataView(memory.buffer, scratch + WORD.tileSizes, 64);
  sizes.setUint8(0, 1); // the only palette that there is
  for (let tile = 0; tile < TILES.count; tile++) {
    sizes.setUint16(16 + 2 * tile, TILES.rowBytes, true);
    sizes.setUint8(48 + tile, TILES.rows);
  }
  return {
    ...writer,
    unit: BLOCK_ROWS,
    /** Rows of a panel, and rows of C, which in a gradient of weights are columns of A that are copied. */
    tiles(rows: number, height: number): void {
      const tiles = Math.ceil(height / BLOCK_ROWS);
      words[WORD.rows / 4] = rows;
      words[WORD.tiles / 4] = tiles;
      words[WORD.low / 4] = height - (tiles - 1) * BLOCK_ROWS;
      words[WORD.strip / 4] = 4 * rows + LINE;
      words[WORD.depthVectors / 4] = Math.ceil(height / LANES);
      writeMask(words, WORD.rowMask, height % LANES || LANES, LANES);
    },
    /** Writes what AMX_PROGRAM says of each shard; returns the pairs of rows of all blocks. */
    program(bounds: Int32Array, first: number, last: number): number {
      const count = last - first;
      let [waiting, blocks] = [0, 0];
      for (let shard = 0; shard < count; shard++) {
        const merges = mergesAfter(shard, count, waiting);
        const rows = bounds[first + shard + 1] - bounds[first + shard];
        const own = Math.ceil(rows / AMX_BLOCK);
        const at = (shard * AMX_PROGRAM.bytes) / 4;
        program[at + AMX_PROGRAM.blocks / 4] = own;
        program[at + AMX_PROGRAM.merges / 4] = merges;
        program[at + AMX_PROGRAM.rows / 4] = rows;
        program[at + AMX_PROGRAM.padding / 4] = (own * AMX_BLOCK) / 2 - Math.ceil(rows / 2);
        blocks += own;
        waiting += 1 - merges;
      }
      words[WORD.programBytes / 4] = AMX_PROGRAM.bytes * count;
      words[WORD.pairBytes / 4] = 0;
      words[WORD.shards / 4] = count;
      return (blocks * AMX_BLOCK) / 2;
    },
  };
}
