/**
 * Names the x86-64 instructions that the products need: vector instructions in AVX-512 (512 bits, EVEX
 * prefix) or AVX2 (256 bits, VEX prefix), and the few integer instructions around them. Operands come in
 * Intel's order, the destination first. test/kernels/jit/assembler.test.ts compares the bytes with a table
 * that GNU objdump reads back as the instructions meant here.
 */
import { Encoder, type Label, type MemoryOperand, type Operand } from './encoder.js';

/** The numbers of the conditions of a jump: below, at least, equal, not equal, at most, above (unsigned). */
const CONDITIONS = { b: 2, ae: 3, e: 4, ne: 5, be: 6, a: 7 } as const;
/** The opcode maps and prefixes of vector instructions, by the numbers that VEX and EVEX give them. */
const [MAP_0F, MAP_0F38, MAP_0F3A] = [1, 2, 3];
const [PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2] = [0, 1, 2, 3];
/** What the second operand is called where an instruction has none. */
const NONE = 0;
/** The form of an instruction on four lanes, or on a single number. */
const SHORT = { short: true } as const;
/** The first bytes of a code that a processor with indirect-branch tracking lets an address lead to. */
const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa];

export class Assembler extends Encoder {
  endbr64 = () => this.bytes(...ENDBR64);
  cpuid = () => this.bytes(0x0f, 0xa2);
  xgetbv = () => this.bytes(0x0f, 0x01, 0xd0);
  ret = () => this.bytes(0xc3);
  vzeroupper = () => this.bytes(0xc5, 0xf8, 0x77);
  push = (register: number) => this.short(0x50, register);
  pop = (register: number) => this.short(0x58, register);

  mov = (to: number, from: Operand) => this.integer(1, 0x8b, to, from);
  /** Loads or moves 32 bits; the upper half becomes 0. */
  mov32 = (to: number, from: Operand) => this.integer(0, 0x8b, to, from);
  store32 = (to: MemoryOperand, from: number) => this.integer(0, 0x89, from, to);
  /** Loads 8 bits; the others become 0. */
  loadByte = (to: number, from: MemoryOperand) => this.integer(0, 0x0fb6, to, from);
  /** Loads 32 bits with their sign. */
  movsxd = (to: number, from: MemoryOperand) => this.integer(1, 0x63, to, from);
  lea = (to: number, from: MemoryOperand) => this.integer(1, 0x8d, to, from);
  add = (to: number, from: Operand) => this.integer(1, 0x03, to, from);
  sub = (to: number, from: Operand) => this.integer(1, 0x2b, to, from);
  /** Multiplies 64 bits. */
  multiply = (to: number, from: Operand) => this.integer(1, 0x0faf, to, from);
  cmp32 = (a: number, b: Operand) => this.integer(0, 0x3b, a, b);
  cmp = (a: number, b: Operand) => this.integer(1, 0x3b, a, b);
  test32 = (a: number, b: number) => this.integer(0, 0x85, b, a);
  /** Decrements; sets the flags that `jump` reads as a comparison with 0 would, for e and ne. */
  dec = (register: number) => this.integer(1, 0xff, 1, register);
  inc = (register: number) => this.integer(1, 0xff, 0, register);
  prefetchw = (from: MemoryOperand) => this.integer(0, 0x0f0d, 1, from);
  /** Fetches a line for all caches. */
  prefetch = (from: MemoryOperand) => this.integer(0, 0x0f18, 1, from);
  /** Fetches a line for the second cache. */
  prefetch2 = (from: MemoryOperand) => this.integer(0, 0x0f18, 2, from);
  callRegister = (register: number) => this.integer(0, 0xff, 2, register);

  movImmediate(to: number, value: number): void {
    this.short(0xb8, to);
    this.int32(value);
  }
  addImmediate = (to: number, value: number) => this.arithmetic(1, 0, to, value);
  andImmediate = (to: number, value: number) => this.arithmetic(0, 4, to, value);
  subImmediate = (to: number, value: number) => this.arithmetic(1, 5, to, value);
  /** Compares 32 bits. */
  cmpImmediate = (a: Operand, value: number) => this.arithmetic(0, 7, a, value);
  shiftLeft32(register: number, by: number): void {
    this.integer(0, 0xc1, 4, register);
    this.bytes(by);
  }
  shiftRight32(register: number, by: number): void {
    this.integer(0, 0xc1, 5, register);
    this.bytes(by);
  }

  jump(label: Label, condition?: keyof typeof CONDITIONS): void {
    if (condition) this.bytes(0x0f, 0x80 | CONDITIONS[condition]);
    else this.bytes(0xe9);
    this.near(label);
  }
  call(label: Label): void {
    this.bytes(0xe8);
    this.near(label);
  }
  /** Loads the address of a label. */
  leaLabel(to: number, label: Label): void {
    this.bytes(0x48 | ((to >> 3) << 2), 0x8d, ((to & 7) << 3) | 5);
    this.near(label);
  }

  vload = (to: number, from: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x10, to, NONE, from);
  vstore = (to: MemoryOperand, from: number) => this.vector(PREFIX_NONE, MAP_0F, 0x11, from, NONE, to);
  vmove = (to: number, from: number) => this.vector(PREFIX_NONE, MAP_0F, 0x28, to, NONE, from);
  vload128 = (to: number, from: MemoryOperand) =>
    this.vex(PREFIX_NONE, MAP_0F, 0x10, to, NONE, from, { short: true });
  vstore128 = (to: MemoryOperand, from: number) =>
    this.vex(PREFIX_NONE, MAP_0F, 0x11, from, NONE, to, { short: true });
  /** Puts one float, or the first one of a vector, into all lanes. */
  vbroadcast = (to: number, from: Operand) =>
    this.vector(PREFIX_66, MAP_0F38, 0x18, to, NONE, from, { unit: 4 });
  vadd = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x58, to, a, b);
  vsub = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x5c, to, a, b);
  vmul = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x59, to, a, b);
  vdivide = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x5e, to, a, b);
  /** The smaller or the larger one; the last operand where one of them is NaN, or both are 0. */
  vmin = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x5d, to, a, b);
  vmax = (to: number, a: number, b: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x5f, to, a, b);
  vsqrt = (to: number, from: Operand) => this.vector(PREFIX_NONE, MAP_0F, 0x51, to, NONE, from);
  /** to += a·b, rounded once. */
  vfma = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F38, 0xb8, to, a, b);
  /** The larger of two whole numbers without sign, in each 32 bits. */
  vmaxUnsigned = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F38, 0x3f, to, a, b);
  /** The smaller one, likewise. */
  vminUnsigned = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F38, 0x3b, to, a, b);
  /** Adds whole numbers of 32 bits. */
  vaddWhole = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F, 0xfe, to, a, b);
  vsubWhole = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F, 0xfa, to, a, b);
  /** Turns floats into whole numbers of 32 bits, of which it cuts off what follows the point, and back. */
  vtoWhole = (to: number, from: number) => this.vector(PREFIX_F3, MAP_0F, 0x5b, to, NONE, from);
  vfromWhole = (to: number, from: number) => this.vector(PREFIX_NONE, MAP_0F, 0x5b, to, NONE, from);
  /** Rounds floats to whole numbers that are floats: to nearest, ties to even. */
  vroundWhole = (to: number, from: number) =>
    this.vector(PREFIX_66, MAP_0F3A, 0x08, to, NONE, from, { immediate: 8 });
  vand = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F, 0xdb, to, a, b);
  vor = (to: number, a: number, b: Operand) => this.vector(PREFIX_66, MAP_0F, 0xeb, to, a, b);
  vunpackLow = (to: number, a: number, b: number) => this.vector(PREFIX_NONE, MAP_0F, 0x14, to, a, b);
  vunpackHigh = (to: number, a: number, b: number) => this.vector(PREFIX_NONE, MAP_0F, 0x15, to, a, b);
  /** These two interleave pairs of floats, the others single ones. */
  vunpackLow2 = (to: number, a: number, b: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x14, to, a, b, { wide: 1 });
  vunpackHigh2 = (to: number, a: number, b: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x15, to, a, b, { wide: 1 });

  /** Loads bytes, each into 32 bits, as many as half a vector holds. */
  vloadBytes = (to: number, from: MemoryOperand) =>
    this.vex(PREFIX_66, MAP_0F38, 0x31, to, NONE, from, this.half);
  /** Turns the whole numbers of half a vector into float64, of which a vector holds as many. */
  vwiden = (to: number, from: number) => this.vector(PREFIX_F3, MAP_0F, 0xe6, to, NONE, from);
  vbroadcastDouble = (to: number, from: MemoryOperand) =>
    this.vector(PREFIX_66, MAP_0F38, 0x19, to, NONE, from, { unit: 8, wide: 1 });
  vsubDoubles = (to: number, a: number, b: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x5c, to, a, b, { wide: 1 });
  vmulDoubles = (to: number, a: number, b: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x59, to, a, b, { wide: 1 });
  /** Rounds float64 to half a vector of floats. */
  vroundDoubles = (to: number, from: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x5a, to, NONE, from, { wide: 1 });
  vstoreHalf = (to: MemoryOperand, from: number) =>
    this.vex(PREFIX_NONE, MAP_0F, 0x11, from, NONE, to, this.half);
  /** Moves 32 bits from a general register; the rest of the vector becomes 0. */
  vfromGeneral = (to: number, from: number) =>
    this.vex(PREFIX_66, MAP_0F, 0x6e, to, NONE, from, { short: true });
  /** Moves the first 32 bits to a general register. */
  vtoGeneral = (to: number, from: number) =>
    this.vex(PREFIX_66, MAP_0F, 0x7e, from, NONE, to, { short: true });

  /** The form of an instruction on half a vector: both sets write it with AVX2's prefix. */
  private get half() {
    return { short: this.instructions === 'avx2' };
  }

  vzero(to: number): void {
    // In EVEX, vxorps needs more than the AVX-512 foundation; vpxord does not.
    if (this.instructions === 'avx512') this.evex(PREFIX_66, MAP_0F, 0xef, to, to, to, {});
    else this.vex(PREFIX_NONE, MAP_0F, 0x57, to, to, to, {});
  }
  /** AVX2: two of the four halves of a and b. */
  vpermuteHalves = (to: number, a: number, b: number, immediate: number) =>
    this.vex(PREFIX_66, MAP_0F3A, 0x06, to, a, b, { immediate });
  /** AVX-512: two quarters of a, then two of b. */
  vshuffleQuarters = (to: number, a: number, b: number, immediate: number) =>
    this.evex(PREFIX_66, MAP_0F3A, 0x23, to, a, b, { immediate });

  vshiftRight = (to: number, from: number, by: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x72, 2, to, from, { immediate: by });
  vshiftRightSigned = (to: number, from: number, by: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x72, 4, to, from, { immediate: by });
  vshiftLeft = (to: number, from: number, by: number) =>
    this.vector(PREFIX_66, MAP_0F, 0x72, 6, to, from, { immediate: by });

  /** Takes four lanes of a vector: the ones from lane 4·number on. */
  vquarter = (to: number, from: number, number: number) =>
    this.vector(PREFIX_66, MAP_0F3A, 0x19, from, NONE, to, { immediate: number });
  /** These compute with four lanes; the others of the result become 0. */
  vadd128 = (to: number, a: number, b: number) => this.vex(PREFIX_NONE, MAP_0F, 0x58, to, a, b, SHORT);
  vmax128 = (to: number, a: number, b: number) => this.vex(PREFIX_NONE, MAP_0F, 0x5f, to, a, b, SHORT);
  /** Lane i of the result is the one that bits 2i and 2i + 1 of `choice` name. */
  vpermute128 = (to: number, from: number, choice: number) =>
    this.vex(PREFIX_66, MAP_0F3A, 0x04, to, NONE, from, { short: true, immediate: choice });

  /** These take a single float, or float64 number. */
  loadFloat = (to: number, from: MemoryOperand) => this.vex(PREFIX_F3, MAP_0F, 0x10, to, NONE, from, SHORT);
  storeFloat = (to: MemoryOperand, from: number) => this.vex(PREFIX_F3, MAP_0F, 0x11, from, NONE, to, SHORT);
  subFloat = (to: number, a: number, b: number) => this.vex(PREFIX_F3, MAP_0F, 0x5c, to, a, b, SHORT);
  /** Compares as whole numbers without sign are compared; NaN is neither above nor unequal. */
  compareFloats = (a: number, b: number) => this.vex(PREFIX_NONE, MAP_0F, 0x2e, a, NONE, b, SHORT);
  /** Turns a float into a whole number of 32 bits, and NaN into the largest negative one. */
  floatToWhole = (to: number, from: MemoryOperand) =>
    this.vex(PREFIX_F3, MAP_0F, 0x2c, to, NONE, from, SHORT);
  widenFloat = (to: number, from: number) => this.vex(PREFIX_F3, MAP_0F, 0x5a, to, from, from, SHORT);
  /** Rounds float64 to a float. */
  roundDouble = (to: number, from: number) => this.vex(PREFIX_F2, MAP_0F, 0x5a, to, from, from, SHORT);
  addDouble = (to: number, a: number, b: number) => this.vex(PREFIX_F2, MAP_0F, 0x58, to, a, b, SHORT);
  subDouble = (to: number, a: number, b: number) => this.vex(PREFIX_F2, MAP_0F, 0x5c, to, a, b, SHORT);
  mulDouble = (to: number, a: number, b: number) => this.vex(PREFIX_F2, MAP_0F, 0x59, to, a, b, SHORT);
  divideDouble = (to: number, a: number, b: number) => this.vex(PREFIX_F2, MAP_0F, 0x5e, to, a, b, SHORT);
  loadDouble = (to: number, from: MemoryOperand) => this.vex(PREFIX_F2, MAP_0F, 0x10, to, NONE, from, SHORT);
  wholeToDouble = (to: number, from: number) => this.vex(PREFIX_F2, MAP_0F, 0x2a, to, to, from, SHORT);
  storeDouble = (to: MemoryOperand, from: number) => this.vex(PREFIX_F2, MAP_0F, 0x11, from, NONE, to, SHORT);

  /** Finds the lanes that are NaN: AVX2 fills them in `note`, AVX-512 sets the mask. */
  vfindNaN(note: number, from: number): void {
    const UNORDERED = { immediate: 3 };
    if (this.instructions === 'avx2') this.vex(PREFIX_NONE, MAP_0F, 0xc2, note, from, from, UNORDERED);
    else this.evex(PREFIX_NONE, MAP_0F, 0xc2, 1, from, from, UNORDERED);
  }
  /** Sets all bits of the lanes that were found. */
  vfillFound(to: number, note: number): void {
    const [masked, merging, immediate] = [true, true, 0xff];
    if (this.instructions === 'avx2') this.vor(to, to, note);
    else this.evex(PREFIX_66, MAP_0F3A, 0x25, to, to, to, { masked, merging, immediate });
  }

  /** AVX2: all bits of the lanes whose 32 bits are equal, and none of the others. */
  vequalWhole = (to: number, a: number, b: number) => this.vex(PREFIX_66, MAP_0F, 0x76, to, a, b, {});
  /** AVX2: the bits of b that a does not have. */
  vclear = (to: number, a: number, b: number) => this.vex(PREFIX_66, MAP_0F, 0xdf, to, a, b, {});
  /** AVX-512: sets the mask to the lanes in which a and b share a bit. */
  vfindBits = (a: number, b: Operand) => this.evex(PREFIX_66, MAP_0F38, 0x27, 1, a, b, {});
  /** AVX-512: takes the lanes of the mask, and 0 for the others. */
  vkeepFound = (to: number, from: Operand) =>
    this.evex(PREFIX_NONE, MAP_0F, 0x10, to, NONE, from, { masked: true });

  /**
   * AVX512_BF16, for each 32 bits, which hold a pair of bfloat16 numbers: to += a·b of the upper ones, then
   * of the lower ones, each a fused multiply-add to nearest that takes and gives 0 for a number without a
   * leading bit.
   */
  vdotPairs = (to: number, a: number, b: Operand) => this.evex(PREFIX_F3, MAP_0F38, 0x52, to, a, b, {});
  /**
   * AVX512_BF16: rounds b to bfloat16 in the lower half and a in the upper one, to nearest, ties to even, but
   * takes 0 for a number without a leading bit.
   */
  vnarrow = (to: number, a: number, b: number) => this.evex(PREFIX_F2, MAP_0F38, 0x72, to, a, b, {});
  /** AVX-512: chooses 16-bit words of `from`. */
  vpermuteWords = (to: number, choice: number, from: number) =>
    this.evex(PREFIX_66, MAP_0F38, 0x8d, to, choice, from, { wide: 1 });
  /** AVX-512: rotates each 32 bits to the left. */
  vrotate = (to: number, from: number, by: number) =>
    this.evex(PREFIX_66, MAP_0F, 0x72, 1, to, from, { immediate: by });
  /** AVX-512: loads the lanes of the mask (`setMask`), and leaves the others as they are. */
  vloadMerged = (to: number, from: MemoryOperand) =>
    this.evex(PREFIX_NONE, MAP_0F, 0x10, to, NONE, from, { masked: true, merging: true });

  /**
   * AMX: takes the sizes of the eight tile registers from 64 bytes of memory, and gives the registers up
   * again. A tile register holds 16 rows of 64 bytes.
   */
  loadTileSizes = (from: MemoryOperand) => this.tile(PREFIX_NONE, 0x49, 0, NONE, from);
  releaseTiles = () => this.tile(PREFIX_NONE, 0x49, 0, NONE, 0);
  tileZero = (tile: number) => this.tile(PREFIX_F2, 0x49, tile, NONE, 0);
  /** AMX: loads or stores a tile register, whose rows lie as far apart as the index register says. */
  tileLoad = (tile: number, from: MemoryOperand) => this.tile(PREFIX_F2, 0x4b, tile, NONE, from);
  tileStore = (to: MemoryOperand, tile: number) => this.tile(PREFIX_F3, 0x4b, tile, NONE, to);
  /** AMX: to += a·b of pairs of bfloat16 numbers, in the order of amxmodel.ts. */
  tileDotPairs = (to: number, a: number, b: number) => this.tile(PREFIX_F3, 0x5c, to, b, a);

  /** Writes an instruction on tile registers, which have the prefix of AVX2 whatever the vectors are. */
  private tile(prefix: number, opcode: number, to: number, a: number, b: Operand): void {
    this.vex(prefix, MAP_0F38, opcode, to, a, b, { short: true });
  }

  /** Loads the lanes of the mask (`setMask`), and 0 into the others; never touches memory beyond them. */
  vloadMasked(to: number, from: MemoryOperand): void {
    if (this.instructions === 'avx512') this.vkeepFound(to, from);
    else this.vex(PREFIX_66, MAP_0F38, 0x2c, to, this.maskRegister, from, {});
  }
  /** Stores the lanes of the mask (`setMask`). */
  vstoreMasked(to: MemoryOperand, from: number): void {
    if (this.instructions === 'avx512')
      this.evex(PREFIX_NONE, MAP_0F, 0x11, from, NONE, to, { masked: true });
    else this.vex(PREFIX_66, MAP_0F38, 0x2e, from, this.maskRegister, to, {});
  }
  /** Loads or stores a whole vector or, `masked`, the lanes of the mask. */
  vloadLanes(to: number, from: MemoryOperand, masked: boolean): void {
    if (masked) this.vloadMasked(to, from);
    else this.vload(to, from);
  }
  vstoreLanes(to: MemoryOperand, from: number, masked: boolean): void {
    if (masked) this.vstoreMasked(to, from);
    else this.vstore(to, from);
  }
  /** AVX2 keeps a mask in the last vector register, AVX-512 in k1. */
  get maskRegister(): number {
    return this.registers - 1;
  }
  /** Takes a mask from memory: bits of 16 lanes for AVX-512, eight numbers (0 or −1) for AVX2. */
  setMask(from: MemoryOperand): void {
    if (this.instructions === 'avx2') this.vload(this.maskRegister, from);
    else this.vex(PREFIX_NONE, MAP_0F, 0x90, 1, NONE, from, { short: true });
  }
}
