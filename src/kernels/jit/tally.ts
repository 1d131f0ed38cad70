/**
 * Adds up, shard by shard, what a step reports of a classification: losses in float64, rows, and rows whose
 * largest logit is that of their class. The sums are those of `sum` and `countRight` of the kernels.
 */
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { PROGRAM_AREA, TALLY } from './block.js';
import { enter, leave } from './convention.js';
import {
  at,
  type Label,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
} from './encoder.js';

/** The losses, the logits and the classes of the rows; where the sums of the shards go. */
const [LOSSES, LOGITS, CLASSES, SUMS, COUNTS, SCORES] = [RBX, RCX, RSI, R9, R10, R11];
/** The rows of each shard, the shards that are left, the shard's rows that are left, and those right. */
const [SHARD_ROWS, SHARDS, ROWS, RIGHT] = [R12, R13, R14, R15];
/** The output that is looked at, the largest one so far, and the row's class. */
const [OUTPUT, FOUND, CLASS] = [RAX, RDX, RBP];
/** Vector registers, of which the first number counts. */
const [SUM, NUMBER, BEST] = [0, 1, 2];

/** Writes the function. */
export function writeTally(code: Assembler): Label {
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, LOSSES, TALLY.losses);
  loadPointer(code, LOGITS, TALLY.logits);
  loadPointer(code, CLASSES, TALLY.classes);
  loadPointer(code, SUMS, TALLY.sums);
  loadPointer(code, COUNTS, TALLY.counts);
  loadPointer(code, SCORES, TALLY.scores);
  code.lea(SHARD_ROWS, at(RDI, PROGRAM_AREA));
  code.mov32(SHARDS, at(RDI, TALLY.shards));
  const shard = code.here();
  code.mov32(ROWS, at(SHARD_ROWS));
  code.vzero(SUM);
  code.vzero(NUMBER);
  code.wholeToDouble(NUMBER, ROWS);
  code.storeDouble(at(COUNTS), NUMBER);
  code.movImmediate(RIGHT, 0);
  const row = code.here();
  writeRow(code);
  code.mov32(OUTPUT, at(RDI, TALLY.width));
  code.lea(LOGITS, at(LOGITS, 0, OUTPUT, 4));
  code.addImmediate(LOSSES, 4);
  code.addImmediate(CLASSES, 4);
  code.dec(ROWS);
  code.jump(row, 'ne');
  code.storeDouble(at(SUMS), SUM);
  code.wholeToDouble(NUMBER, RIGHT);
  code.storeDouble(at(SCORES), NUMBER);
  for (const place of [SUMS, COUNTS, SCORES]) code.addImmediate(place, 8);
  code.addImmediate(SHARD_ROWS, 4);
  code.dec(SHARDS);
  code.jump(shard, 'ne');
  leave(code);
  return entry;
}

/** Adds the row's loss, and counts it if the first of its largest logits is that of its class. */
function writeRow(code: Assembler): void {
  const [output, smaller, end, wrong] = Array.from({ length: 4 }, () => code.label());
  code.loadFloat(NUMBER, at(LOSSES));
  code.widenFloat(NUMBER, NUMBER);
  code.addDouble(SUM, SUM, NUMBER);
  code.loadFloat(BEST, at(LOGITS));
  code.movImmediate(FOUND, 0);
  code.movImmediate(OUTPUT, 1);
  code.place(output);
  code.cmp32(OUTPUT, at(RDI, TALLY.width));
  code.jump(end, 'ae');
  code.loadFloat(NUMBER, at(LOGITS, 0, OUTPUT, 4));
  code.compareFloats(NUMBER, BEST);
  code.jump(smaller, 'be');
  code.vmove(BEST, NUMBER);
  code.mov32(FOUND, OUTPUT);
  code.place(smaller);
  code.inc(OUTPUT);
  code.jump(output);
  code.place(end);
  code.floatToWhole(CLASS, at(CLASSES));
  code.cmp32(CLASS, FOUND);
  code.jump(wrong, 'ne');
  code.inc(RIGHT);
  code.place(wrong);
}
