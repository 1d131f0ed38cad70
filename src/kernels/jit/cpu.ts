/** Asks the processor which vector instructions it has and whether the system saves their registers. */
import { address } from '../foreign.js';
import { Assembler } from './assembler.js';
import { enter, leave } from './convention.js';
import { at, type InstructionSet, R8, R9, RAX, RBX, RCX, RDX } from './encoder.js';
import { callable, placeCode } from './memory.js';

/**
 * The words of the stubs' arguments: what goes into eax and ecx, and what comes out of eax, ebx, ecx, edx.
 */
const [LEAF, SUBLEAF, OUT] = [0, 4, 8];

/** Bits of the extended control register 0: the system saves the registers of AVX, and those of AVX-512. */
const AVX_SAVED = 0x6;
const AVX512_SAVED = 0xe6;
/** The system saves the tile registers of AMX and their sizes. */
const TILES_SAVED = 0x60000;
/** The leaf of CPUID that describes tile registers. */
const TILE_LEAF = 0x1d;

const bit = (word: number, number: number): boolean => ((word >>> number) & 1) === 1;

type Query = 'cpuid' | 'xgetbv';
/** Returns eax, ebx, ecx and edx after an instruction. */
type Ask = (instruction: Query, leaf: number, subleaf: number) => ArrayLike<number>;

/**
 * Returns the instruction sets that this processor and system have, the best first. Throws Error in one line
 * where no machine code can be called.
 */
export function instructionSets(): readonly InstructionSet[] {
  return process.arch === 'x64' ? setsOf(asker()) : [];
}

/** Returns whether this processor and system have AVX512_BF16. Throws likewise. */
export const hasNarrowing = (): boolean => process.arch === 'x64' && narrowingOf(asker());

/** Returns whether this processor and system have AMX for bfloat16. Throws likewise. */
export const hasAmx = (): boolean => process.arch === 'x64' && amxOf(asker());

/** Returns a function that asks this processor. */
function asker(): Ask {
  const words = new Uint32Array(8);
  const stubs = {
    cpuid: callable(placeCode(queryStub('cpuid'))),
    xgetbv: callable(placeCode(queryStub('xgetbv'))),
  };
  return (instruction, leaf, subleaf) => {
    words.set([leaf, subleaf]);
    stubs[instruction](address(words.buffer));
    return words.slice(OUT / 4, OUT / 4 + 4);
  };
}

/** Returns the instruction sets that a processor and its system have, the best first. */
export function setsOf(ask: Ask): readonly InstructionSet[] {
  const ecx = ask('cpuid', 1, 0)[2];
  const [fma, saves, avx] = [bit(ecx, 12), bit(ecx, 27), bit(ecx, 28)];
  if (ask('cpuid', 0, 0)[0] < 7 || !saves || !avx || !fma) return [];
  const ebx = ask('cpuid', 7, 0)[1];
  const saved = ask('xgetbv', 0, 0)[0];
  const avx2 = bit(ebx, 5) && (saved & AVX_SAVED) === AVX_SAVED;
  const avx512 = avx2 && bit(ebx, 16) && (saved & AVX512_SAVED) === AVX512_SAVED;
  return [...(avx512 ? (['avx512'] as const) : []), ...(avx2 ? (['avx2'] as const) : [])];
}

/** Returns whether a processor and its system have AVX512_BF16, and AVX512BW beside it. */
export function narrowingOf(ask: Ask): boolean {
  if (!setsOf(ask).includes('avx512')) return false;
  const { 0: subleaves, 1: ebx } = ask('cpuid', 7, 0);
  return subleaves >= 1 && bit(ebx, 30) && bit(ask('cpuid', 7, 1)[0], 5);
}

/**
 * Returns whether a processor and its system have AMX for bfloat16, with eight tile registers of 16 rows of
 * 64 bytes, and AVX512_BF16 beside it, which rounds the operands.
 */
export function amxOf(ask: Ask): boolean {
  if (!narrowingOf(ask) || ask('cpuid', 0, 0)[0] < TILE_LEAF) return false;
  const edx = ask('cpuid', 7, 0)[3];
  const saved = ask('xgetbv', 0, 0)[0];
  if (!bit(edx, 22) || !bit(edx, 24) || (saved & TILES_SAVED) !== TILES_SAVED) return false;
  const { 1: rowBytesAndCount, 2: rows } = ask('cpuid', TILE_LEAF, 1);
  return (rowBytesAndCount & 0xffff) >= 64 && rowBytesAndCount >>> 16 >= 8 && (rows & 0xffff) >= 16;
}

/** Returns code that runs one instruction with eax and ecx from its arguments, and stores what it says. */
export function queryStub(instruction: Query): Uint8Array {
  const code = new Assembler('avx2');
  enter(code, R8);
  code.mov32(RAX, at(R8, LEAF));
  code.mov32(RCX, at(R8, SUBLEAF));
  code.mov(R9, RBX);
  code[instruction]();
  [RAX, RBX, RCX, RDX].forEach((register, i) => {
    code.store32(at(R8, OUT + 4 * i), register);
  });
  code.mov(RBX, R9);
  leave(code);
  return code.finish();
}
