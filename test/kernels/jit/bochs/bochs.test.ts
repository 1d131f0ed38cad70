/**
 * Machine code for AVX-512 has the bits of WASM on a processor of Bochs, and touches nothing else.
 * `npm run test:avx512` runs this where Bochs is installed; JIT_SHAPES=1000 tries as many shapes as that.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler } from '#src/kernels/jit/assembler.js';
import { writeCode } from '#src/kernels/jit/compile.js';
import { queryStub, setsOf } from '#src/kernels/jit/cpu.js';
import { at, RDI } from '#src/kernels/jit/encoder.js';
import { emulate } from '../emulator.js';
import { Bench, EDGES, plain, type Shape, shapes } from '../shapes.js';
import { hasBochs, MOST_TIME, Recorder, replay } from './bochs.js';

const RUNS = Number(process.env.JIT_SHAPES ?? 100);
/** Bytes of a record from which a new one begins. */
const MOST_BYTES = 200e6;

/** All numbers of columns from 1 to 80 and, shuffled, of rows to 40 and of K to 80. */
const SMALL = Array.from({ length: 80 }, (_, i): Shape => {
  const special = i % 2 === 1;
  return {
    ...plain,
    sizes: [1 + ((7 * i) % 40)],
    K: 1 + ((37 * i) % 80),
    N: i + 1,
    special,
    seed: i,
    last: i % 7,
  };
});
/** Several blocks of rows, of K and of the gradient's strips. */
const LARGE: readonly Shape[] = [
  { ...plain, sizes: [300], K: 300, N: 90, special: true },
  { ...plain, sizes: [100, 157], K: 513, N: 70 },
  { ...plain, sizes: Array.from({ length: 600 }, (_, i) => 1 + (i % 2)), K: 9, N: 33, special: true },
];

/** Records the products of some shapes, at least one of them, and returns the shapes that are left. */
function recordShapes(all: readonly Shape[]) {
  const { bytes, offsets } = writeCode('avx512');
  let recorder!: Recorder;
  const bench = new Bench({ ...offsets, instructions: 'avx512' }, 800_000, (memory) => {
    recorder = new Recorder(memory);
    return recorder.watch(emulate(bytes, memory));
  });
  let done = 0;
  while (done < all.length && recorder.bytes < MOST_BYTES) {
    expect({ shape: all[done], wrong: bench.check(all[done]) }).toEqual({ shape: all[done], wrong: [] });
    done++;
  }
  return { recorder, bytes, left: all.slice(done) };
}

describe.skipIf(!process.env.BOCHS || !hasBochs())('in Bochs', () => {
  it(
    'has the bits of WASM',
    () => {
      const random = fc.sample(shapes({ rows: 12, K: 330, N: 120 }), { numRuns: RUNS, seed: 1 });
      for (let left = [...EDGES, ...SMALL, ...LARGE, ...random]; left.length > 0; ) {
        const record = recordShapes(left);
        expect(replay(record.recorder.finish(record.bytes))).toEqual([
          ['done', record.recorder.calls, 0, 0, 0],
        ]);
        left = record.left;
      }
    },
    MOST_TIME,
  );

  it('instructions around those of bfloat16, which Bochs has not, are right', () => {
    const code = new Assembler('avx512');
    const [CHOICE, NUMBERS, MERGED, RESULTS] = [1, 2, 3, 5];
    for (const register of [CHOICE, NUMBERS, MERGED]) code.vload(register, at(RDI, 64 * register));
    code.setMask(at(RDI));
    code.vloadMerged(MERGED, at(RDI, 64 * NUMBERS));
    code.vpermuteWords(RESULTS, CHOICE, NUMBERS);
    code.vrotate(RESULTS + 1, NUMBERS, 16);
    code.vminUnsigned(RESULTS + 2, CHOICE, NUMBERS);
    code.vaddWhole(RESULTS + 3, CHOICE, NUMBERS);
    const results = [MERGED, ...Array.from({ length: 4 }, (_, i) => RESULTS + i)];
    for (const register of results) code.vstore(at(RDI, 64 * register), register);
    code.ret();
    const bytes = code.finish();
    const words = new Uint32Array(16384);
    const recorder = new Recorder(words.buffer);
    const processor = recorder.watch(emulate(bytes, words.buffer));
    for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761);
    for (let i = 0; i < 20; i++) processor.callable(0)(processor.addressOf(words.buffer) + 1024 * i);
    expect(replay(recorder.finish(bytes))).toEqual([['done', 20, 0, 0, 0]]);
  });

  it('a wrong instruction is noticed', () => {
    const { recorder, bytes } = recordShapes([{ ...plain, sizes: [4], K: 20, N: 20 }]);
    // vfmadd231ps becomes vfnmadd231ps.
    const wrong = bytes.map((byte, i) => (byte === 0xb8 && bytes[i - 4] === 0x62 ? 0xbc : byte));
    const reports = replay(recorder.finish(wrong));
    // The first call rounds, without a multiplication; five products follow.
    expect(reports[0].slice(0, 2)).toEqual(['differs', 1]);
    expect(reports.at(-1)).toEqual(['done', 6, 0, 0, 0]);
  });

  it('what code must not do is noticed', () => {
    const memory = new Uint32Array(16384);
    const recorder = new Recorder(memory.buffer);
    const functions = [
      [0xbb, 0, 0, 0, 0, 0xc3], // mov ebx, 0; ret
      [0xc7, 0x07, 1, 0, 0xc0, 0xff, 0xc3], // mov dword ptr [rdi], 0xffc00001; ret
      [0x8b, 0x07, 0xc3], // mov eax, [rdi]; ret
      [0xc7, 0x47, 0xfc, 1, 0, 0xc0, 0xff, 0xc3], // mov dword ptr [rdi - 4], 0xffc00001; ret
    ];
    const code = new Uint8Array(32);
    functions.forEach((bytes, i) => {
      code.set(bytes, 8 * i);
    });
    recorder.call(0, 0, () => {});
    recorder.call(8, 64, () => {});
    // Any NaN may stand for another one.
    recorder.call(8, 68, () => {
      memory[17] = 0x7fc00000;
    });
    recorder.call(24, 0, () => {});
    recorder.call(16, memory.byteLength, () => {});
    expect(replay(recorder.finish(code))).toEqual([
      ['registers', 0, 0, 0, 0],
      ['differs', 1, 64, 0xffc00001, 0],
      ['differs', 3, 2 ** 32 - 4, 0xffc00001, 0],
      ['exception', 14, 16, 0x4000000, 0],
    ]);
  });

  it.each([
    ['corei7_skylake_x', ['avx512', 'avx2']],
    ['corei7_haswell_4770', ['avx2']],
    ['corei7_ivy_bridge_3770k', []],
  ] as const)('%s has %j', (model, sets) => {
    const stubs = { cpuid: queryStub('cpuid'), xgetbv: queryStub('xgetbv') };
    const found = setsOf((instruction, leaf, subleaf) => {
      const words = new Uint32Array(16384);
      const recorder = new Recorder(words.buffer);
      words.set([leaf, subleaf]);
      // What the processor says is all that differs from what is expected.
      recorder.call(0, 0, () => {});
      const said = [0, 0, 0, 0];
      for (const [what, , at, bits] of replay(recorder.finish(stubs[instruction]), model)) {
        if (what === 'differs') said[at / 4 - 2] = bits;
      }
      return said;
    });
    expect(found).toEqual(sets);
  });
});
