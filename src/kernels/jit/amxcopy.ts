/** Copies the transpose of A for AMX: each row has pairs of bfloat16 numbers, of two rows of A each. */
import type { Assembler } from './assembler.js';
import { A_COPY, AMX_PROGRAM, PROGRAM_AREA, WORD } from './block.js';
import { transpose16 } from './copy.js';
import { at, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX } from './encoder.js';
import { pairRows } from './narrow.js';

/** Columns and pairs of rows that are transposed together: as many as a vector has lanes. */
const LANES = 16;
/** Vector registers beyond those that are transposed. */
const [FIRST, SECOND, INTERLEAVE] = [16, 17, 18];

/**
 * Copies the columns of A at rbx, as many groups of 16 as the block's words say, to rows of the copy of A
 * that lie a strip's bytes apart. The rows of a shard are followed by zeros up to a multiple of 32. Changes
 * all registers but r8, r9 and rdi, and the mask.
 */
export function copyTransposedPairs(code: Assembler): void {
  const [group, whole, shard, block, shardEnd] = Array.from({ length: 5 }, () => code.label());
  code.mov32(R10, at(RDI, WORD.aStride));
  code.mov32(RBP, at(RDI, WORD.strip));
  code.mov32(R12, at(RDI, WORD.depthVectors));
  code.lea(RCX, at(RDI, A_COPY));
  code.place(group);
  code.setMask(at(RDI, WORD.fullMask));
  code.cmpImmediate(R12, 1);
  code.jump(whole, 'ne');
  code.setMask(at(RDI, WORD.rowMask));
  code.place(whole);
  code.mov(RDX, RBX);
  code.mov(R14, RCX);
  code.lea(R15, at(RDI, PROGRAM_AREA));
  code.mov32(R11, at(RDI, WORD.shards));
  code.place(shard);
  code.mov32(R13, at(R15, AMX_PROGRAM.rows));
  code.place(block);
  pairBlock(code);
  code.mov(RAX, R14);
  for (const row of transpose16(code)) {
    code.vstore(at(RAX), row);
    code.add(RAX, RBP);
  }
  code.addImmediate(R14, code.vectorBytes);
  code.cmpImmediate(R13, 2 * LANES + 1);
  code.jump(shardEnd, 'b');
  code.subImmediate(R13, 2 * LANES);
  code.jump(block);
  code.place(shardEnd);
  code.addImmediate(R15, AMX_PROGRAM.bytes);
  code.dec(R11);
  code.jump(shard, 'ne');
  code.addImmediate(RBX, code.vectorBytes);
  code.mov(RAX, RBP);
  code.shiftLeft32(RAX, 4);
  code.add(RCX, RAX);
  code.dec(R12);
  code.jump(group, 'ne');
}

/** Loads 32 rows at rdx as pairs into 16 registers: those that r13 counts, then zeros. Moves rdx on. */
function pairBlock(code: Assembler): void {
  const zeros = Array.from({ length: LANES }, () => code.label());
  const end = code.label();
  code.vload(INTERLEAVE, at(RDI, WORD.interleave));
  for (let pair = 0; pair < LANES; pair++) {
    const both = code.label();
    code.cmpImmediate(R13, 2 * pair + 1);
    code.jump(zeros[pair], 'b');
    code.vloadMasked(FIRST, at(RDX));
    code.add(RDX, R10);
    code.cmpImmediate(R13, 2 * pair + 1);
    code.jump(both, 'ne');
    code.vzero(SECOND);
    pairRows(code, pair, FIRST, SECOND, INTERLEAVE);
    code.jump(pair + 1 < LANES ? zeros[pair + 1] : end);
    code.place(both);
    code.vloadMasked(SECOND, at(RDX));
    code.add(RDX, R10);
    pairRows(code, pair, FIRST, SECOND, INTERLEAVE);
  }
  code.jump(end);
  for (let pair = 0; pair < LANES; pair++) {
    code.place(zeros[pair]);
    code.vzero(pair);
  }
  code.place(end);
}
