/**
 * Runs machine code instruction by instruction, for processors that the machine of the tests is not. It
 * decodes the bytes for itself, knows only what the products' code uses, and refuses every access to memory
 * outside the arrays that it was given.
 */
import type { Processor } from '#src/kernels/jit/processor.js';
import { dotPair, fusedMultiplyAdd, narrow } from './fma.js';
import { TileRegisters } from './tileregisters.js';

/** Where the code, the stack, the memory and lists beside it lie in the emulated address space. */
const [CODE, STACK, MEMORY, LISTS] = [0x1000, 0x4000000, 0x10000000, 0x40000000];
/** The distance of two lists. */
const LIST_BYTES = 0x100000;
const STACK_BYTES = 4096;
/** The address to which the emulated function returns. */
const CALLER = 0x10;
const [RSP, RDI] = [4, 7];
const CALLEE_SAVED = [3, 5, 12, 13, 14, 15];
/** The upper halves of memory addresses are 0, so registers are numbers; vectors have up to 16 lanes. */
const LANES = 16;

type Step = () => number;

interface Operand {
  readonly register: number;
  /** Returns the address; null for a register. */
  readonly address: (() => number) | null;
  /** The index register of an address; below 0 where there is none. */
  readonly index: number;
}

/** The smaller and the larger of two numbers; where one is NaN, or both are 0, the second one. */
function smaller(x: number, y: number): number {
  if (x < y) return x;
  return y;
}
function larger(x: number, y: number): number {
  if (x > y) return x;
  return y;
}

/** Rounds a float to a whole number, ties to even: whole floats lie next to each other from 2²³ on. */
function roundToEven(number: number): number {
  if (!(Math.abs(number) < 2 ** 23)) return number;
  const [below, rest] = [Math.floor(number), number - Math.floor(number)];
  const rounded = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 && (number < 0 || Object.is(number, -0)) ? -0 : rounded;
}
/** Returns the whole number of 32 bits without what follows the point; the lowest one for all others. */
function wholeOf(number: number): number {
  return Math.abs(number) < 2 ** 31 ? Math.trunc(number) : -(2 ** 31);
}

/** Returns a processor for one memory, on which functions of the code are called by their offsets. */
export function emulate(code: Uint8Array, memory: ArrayBufferLike): Processor {
  const general = new Float64Array(16);
  const bits = new Uint32Array(32 * LANES);
  const floats = new Float32Array(bits.buffer);
  const stack = new DataView(new ArrayBuffer(STACK_BYTES));
  const heap = new DataView(memory);
  const program = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const steps: (Step | undefined)[] = [];
  const lists: DataView[] = [];
  let zero = false;
  let below = false;
  let mask = 0;
  const tiles = new TileRegisters();

  /** Returns the view and the place of an access; throws where it leaves the given memory. */
  const place = (address: number, bytes: number, writes: boolean): readonly [DataView, number] => {
    const inside = (begin: number, view: DataView) =>
      address >= begin && address + bytes <= begin + view.byteLength;
    if (inside(MEMORY, heap)) return [heap, address - MEMORY];
    if (inside(STACK, stack)) return [stack, address - STACK];
    if (!writes && inside(CODE, program)) return [program, address - CODE];
    const list = Math.floor((address - LISTS) / LIST_BYTES);
    const begin = LISTS + list * LIST_BYTES;
    if (lists[list] && inside(begin, lists[list])) return [lists[list], address - begin];
    throw new Error(
      `${writes ? 'writes' : 'reads'} ${bytes} bytes at ${address.toString(16)}, outside memory`,
    );
  };
  const read32 = (address: number) => {
    const [view, at] = place(address, 4, false);
    return view.getUint32(at, true);
  };
  const write32 = (address: number, value: number) => {
    const [view, at] = place(address, 4, true);
    view.setUint32(at, value, true);
  };
  const push = (value: number) => {
    general[RSP] -= 8;
    const [view, at] = place(general[RSP], 8, true);
    view.setFloat64(at, value, true);
  };
  const pop = () => {
    const [view, at] = place(general[RSP], 8, false);
    general[RSP] += 8;
    return view.getFloat64(at, true);
  };
  const compare = (a: number, b: number) => {
    zero = a === b;
    below = a < b;
  };

  /** Decodes the instruction at an offset of the code. */
  const decode = (start: number): Step => {
    let at = start;
    const byte = () => code[at++];
    const int32 = () => {
      at += 4;
      return program.getInt32(at - 4, true);
    };
    /** Reads ModRM and what follows; the extension bits come from the prefix. */
    const operand = (R: number, X: number, B: number, unit: number): Operand => {
      const modrm = byte();
      const [mode, low] = [modrm >> 6, modrm & 7];
      const register = ((modrm >> 3) & 7) + R;
      if (mode === 3) return { register, address: () => low + B, index: -1 };
      let [base, index, scale] = [low + B, -1, 1];
      if (low === 4) {
        const sib = byte();
        scale = 1 << (sib >> 6);
        base = (sib & 7) + B;
        if (((sib >> 3) & 7) + X !== 4) index = ((sib >> 3) & 7) + X;
      }
      if (mode === 0 && low === 5) {
        const offset = int32();
        const target = CODE + at + offset;
        return { register, address: () => target, index: -1 };
      }
      const offset = mode === 1 ? program.getInt8(at++) * unit : mode === 2 ? int32() : 0;
      return {
        register,
        address: () => general[base] + (index < 0 ? 0 : general[index] * scale) + offset,
        index,
      };
    };
    const direct = () => code[at] >> 6 === 3;

    const first = byte();
    if (first === 0xc4 || first === 0x62) return vectorStep(first === 0x62);
    if (first === 0xc5) return next(byte() === 0xf8 && byte() === 0x77 ? () => {} : unknown(start));
    if (first === 0xf3)
      return next(byte() + byte() + byte() === 0x0f + 0x1e + 0xfa ? () => {} : unknown(start));
    const rex = (first & 0xf0) === 0x40 ? first : 0x40;
    const [W, R, X, B] = [(rex >> 3) & 1, (rex << 1) & 8, (rex << 2) & 8, (rex << 3) & 8];
    const opcode = rex === first ? byte() : first;
    if (opcode === 0x0f) {
      const second = byte();
      if (second === 0x0d || second === 0x18) {
        operand(R, X, B, 1);
        return next(() => {});
      }
      if (second === 0xaf || second === 0xb6) {
        const isRegister = direct();
        const { register, address } = operand(R, X, B, 1);
        if (second === 0xaf && isRegister)
          return next(() => {
            general[register] *= general[address!()];
          });
        if (second === 0xb6 && !isRegister)
          return next(() => {
            const [view, offset] = place(address!(), 1, false);
            general[register] = view.getUint8(offset);
          });
        throw unknownError(start);
      }
      const target = at + 4 + program.getInt32(at, true);
      at += 4;
      const after = at;
      const condition = {
        130: () => below,
        131: () => !below,
        132: () => zero,
        133: () => !zero,
        134: () => below || zero,
        135: () => !(below || zero),
      }[second];
      if (!condition) throw unknownError(start);
      return () => (condition() ? target : after);
    }
    const short = opcode & 0xf8;
    const named = (opcode & 7) + B;
    if (short === 0x50) return next(() => push(general[named]));
    if (short === 0x58)
      return next(() => {
        general[named] = pop();
      });
    if (short === 0xb8) {
      const value = int32() >>> 0;
      return next(() => {
        general[named] = value;
      });
    }
    if (opcode === 0xc3) return () => pop() - CODE;
    if (opcode === 0xe8 || opcode === 0xe9) {
      const target = int32() + at;
      const after = at;
      return () => {
        if (opcode === 0xe8) push(CODE + after);
        return target;
      };
    }
    const isRegister = direct();
    const { register, address } = operand(R, X, B, 1);
    const where = address!;
    const value = (): number => {
      if (isRegister) return W ? general[where()] : general[where()] % 2 ** 32;
      if (!W || opcode === 0x63) return read32(where());
      return opcode === 0x8b ? read32(where()) + 2 ** 32 * read32(where() + 4) : unreadable(start);
    };
    switch (opcode) {
      case 0x8b:
        return next(() => {
          general[register] = value();
        });
      case 0x89:
        return next(() => write32(where(), general[register]));
      case 0x63:
        return next(() => {
          general[register] = value() | 0;
        });
      case 0x8d:
        return next(() => {
          general[register] = where();
        });
      case 0x03:
        return next(() => {
          general[register] += value();
        });
      case 0x2b:
        return next(() => {
          general[register] -= value();
        });
      case 0x3b:
        return next(() => compare(general[register], value()));
      case 0x85:
        return next(() => compare(value(), 0));
      case 0xc1: {
        const by = byte();
        return next(() => {
          const value = general[where()];
          general[where()] = (register & 7) === 4 ? (value << by) >>> 0 : value >>> by;
        });
      }
      case 0x81:
      case 0x83: {
        const constant = opcode === 0x81 ? int32() : program.getInt8(at++);
        const operations: Readonly<Partial<Record<number, () => void>>> = {
          0: () => {
            general[where()] += constant;
          },
          4: () => {
            general[where()] = (general[where()] & constant) >>> 0;
          },
          5: () => {
            general[where()] -= constant;
          },
          7: () => compare(value(), constant),
        };
        return next(operations[register & 7] ?? unknown(start));
      }
      case 0xff:
        if ((register & 7) === 2) {
          const after = at;
          return () => {
            push(CODE + after);
            return general[where()] - CODE;
          };
        }
        return next(() => {
          general[where()] += (register & 7) === 0 ? 1 : -1;
          zero = general[where()] === 0;
        });
    }
    throw unknownError(start);

    function next(run: () => unknown): Step {
      const after = at;
      return () => {
        run();
        return after;
      };
    }

    function vectorStep(wide: boolean): Step {
      const p0 = byte();
      const p1 = byte();
      const p2 = wide ? byte() : 0;
      const map = p0 & 7;
      const R = (~p0 >> 4) & 8;
      const X = (~p0 >> 3) & 8;
      const B = (~p0 >> 2) & 8;
      const high = wide ? ~p0 & 16 : 0;
      const second = ((~p1 >> 3) & 15) | (wide ? (~p2 << 1) & 16 : 0);
      const prefix = p1 & 3;
      const length = wide ? (p2 >> 5) & 3 : (p1 >> 2) & 1;
      const lanes = 4 << length;
      const masked = wide && (p2 & 7) === 1;
      const zeroing = p2 >> 7 === 1;
      const op = byte();
      const isRegister = direct();
      /** The bytes that a broadcast takes from memory, or all of a vector. */
      const unit = (map === 2 && { 24: 4, 25: 8 }[op]) || 4 * lanes;
      const { register, address, index } = operand(
        R + high,
        X,
        isRegister && wide ? B + 2 * X : B,
        wide ? unit : 1,
      );
      const where = address!;
      const to = register * LANES;
      const a = second * LANES;
      const scratch = new Uint32Array(LANES);
      const scratchFloats = new Float32Array(scratch.buffer);
      /** Reads the last operand into scratch: all lanes, or those that `active` names. */
      const load = (active = 0xffff) => {
        if (isRegister) {
          const from = where() * LANES;
          for (let i = 0; i < lanes; i++) scratch[i] = bits[from + i];
          return;
        }
        const from = where();
        if (active === 0xffff) {
          const [view, offset] = place(from, 4 * lanes, false);
          for (let i = 0; i < lanes; i++) scratch[i] = view.getUint32(offset + 4 * i, true);
        } else for (let i = 0; i < lanes; i++) scratch[i] = (active >> i) & 1 ? read32(from + 4 * i) : 0;
      };
      const store = (active: number) => {
        const target = where();
        for (let i = 0; i < lanes; i++) if ((active >> i) & 1) write32(target + 4 * i, bits[to + i]);
      };
      /** Writes scratch to the destination; lanes beyond the vector become 0. */
      const put = () => {
        for (let i = 0; i < LANES; i++) bits[to + i] = i < lanes ? scratch[i] : 0;
      };
      /** Fills the destination; results in float64 round to those of float32 arithmetic. */
      const arithmetic = (of: (x: number, y: number) => number) =>
        next(() => {
          load();
          for (let i = 0; i < lanes; i++) floats[to + i] = of(floats[a + i], scratchFloats[i]);
        });
      const signs = () => {
        let active = 0;
        for (let i = 0; i < lanes; i++) active |= (bits[a + i] >>> 31) << i;
        return active;
      };
      /** Fills the destination with chosen lanes of the second operand (a) and the last one (b). */
      const pick = (choose: (lane: number) => readonly ['a' | 'b', number]) => {
        const chosen = Array.from({ length: lanes }, (_, lane) => choose(lane));
        return next(() => {
          load();
          const result = chosen.map(([from, lane]) => (from === 'a' ? bits[a + lane] : scratch[lane]));
          for (let i = 0; i < LANES; i++) bits[to + i] = i < lanes ? result[i] : 0;
        });
      };
      const unpack = (high: number, width: number) =>
        pick((lane) => {
          const [quarter, within] = [lane & ~3, lane & 3];
          const pair = Math.floor(within / width);
          return [
            pair % 2 === 0 ? 'a' : 'b',
            quarter + (width === 1 ? 2 * high + (pair >> 1) : 2 * high + (within % 2)),
          ];
        });
      /** Fills the destination with float64 numbers of the second operand (a) and the last one. */
      const doubles = (of: (x: number, y: number) => number) =>
        next(() => {
          load();
          const x = new Float64Array(bits.slice(a, a + lanes).buffer);
          const y = new Float64Array(scratch.slice().buffer);
          new Float64Array(scratch.buffer).set(x.map((number, i) => of(number, y[i])));
          put();
        });
      /** Fills the destination with other words, which `convert` writes into scratch. */
      const converted = (convert: () => void) =>
        next(() => {
          load();
          convert();
          put();
        });
      /** Returns the float64 number in the first lanes of a register, and puts one there. */
      const doubleAt = (lane: number) => new Float64Array(bits.slice(lane, lane + 2).buffer)[0];
      const setDouble = (lane: number, number: number) =>
        bits.set(new Uint32Array(Float64Array.of(number).buffer), lane);
      /** Returns the view and the place of each row of a tile register, as far apart as the index says. */
      const tileRows = (writes: boolean) => {
        const distance = general[index];
        const first = where() - distance;
        return Array.from({ length: 16 }, (_, row) => place(first + row * distance, 64, writes));
      };
      const key = `${map}.${prefix}.${op.toString(16)}`;
      switch (wide ? key : `${key} ${length}`) {
        case '2.0.49 0':
          return next(() => (isRegister ? tiles.release() : tiles.configure(...place(where(), 64, false))));
        case '2.3.49 0':
          return next(() => tiles.zero(register));
        case '2.3.4b 0':
          return next(() => tiles.load(register, tileRows(false)));
        case '2.2.4b 0':
          return next(() => tiles.store(register, tileRows(true)));
        case '2.2.5c 0':
          return next(() => tiles.dotPairs(register, where(), second));
      }
      switch (key) {
        case '1.0.10':
          return next(() => {
            load(masked ? mask : 0xffff);
            for (let i = 0; masked && i < lanes; i++) {
              if (!((mask >> i) & 1)) scratch[i] = zeroing ? 0 : bits[to + i];
            }
            put();
          });
        case '1.0.28':
          return next(() => {
            load();
            put();
          });
        case '1.0.11':
          return next(() => store(masked ? mask : 0xffff));
        case '2.1.2c':
          return next(() => {
            load(signs());
            put();
          });
        case '2.1.2e':
          return next(() => store(signs()));
        case '1.0.90':
          return next(() => {
            const [view, offset] = place(where(), 2, false);
            mask = view.getUint16(offset, true);
          });
        case '2.1.18':
          return next(() => {
            scratch.fill(isRegister ? bits[where() * LANES] : read32(where()));
            put();
          });
        case '2.1.31':
          return next(() => {
            const [view, offset] = place(where(), lanes, false);
            for (let i = 0; i < lanes; i++) scratch[i] = view.getUint8(offset + i);
            put();
          });
        case '1.2.e6':
          return next(() => {
            load();
            const numbers = Array.from(scratch.subarray(0, lanes / 2), (word) => word | 0);
            new Float64Array(scratch.buffer).set(numbers);
            put();
          });
        case '2.1.19':
          return next(() => {
            const [view, offset] = place(where(), 8, false);
            new Float64Array(scratch.buffer).fill(view.getFloat64(offset, true));
            put();
          });
        case '1.0.5c':
          return arithmetic((x, y) => x - y);
        case '1.0.5b':
          return converted(() => scratchFloats.set(Array.from(scratch, (word) => word | 0)));
        case '1.2.5b':
          return converted(() => scratch.set(Array.from(scratchFloats, wholeOf)));
        case '3.1.8':
          if (code[at++] !== 8) throw unknownError(start);
          return converted(() => scratchFloats.set(scratchFloats.map(roundToEven)));
        case '3.1.19': {
          const first = 4 * code[at++];
          return next(() => {
            const target = where() * LANES;
            const four = bits.slice(to + first, to + first + 4);
            bits.fill(0, target, target + LANES).set(four, target);
          });
        }
        case '3.1.4': {
          const control = code[at++];
          return pick((lane) => ['b', (lane & ~3) + ((control >> (2 * (lane & 3))) & 3)]);
        }
        case '1.2.10':
          return next(() => {
            const number = read32(where());
            bits.fill(0, to, to + LANES)[to] = number;
          });
        case '1.2.11':
          return next(() => write32(where(), bits[to]));
        case '1.2.5c':
          return next(() => {
            floats[to] = floats[a] - floats[where() * LANES];
          });
        case '1.0.2e':
          return next(() => {
            const [x, y] = [floats[to], floats[where() * LANES]];
            const unordered = Number.isNaN(x) || Number.isNaN(y);
            zero = unordered || x === y;
            below = unordered || x < y;
          });
        case '1.2.2c':
          return next(() => {
            scratch[0] = read32(where());
            general[register] = wholeOf(scratchFloats[0]) >>> 0;
          });
        case '1.2.5a':
          return next(() => setDouble(to, floats[where() * LANES]));
        case '1.3.5a':
          return next(() => {
            floats[to] = doubleAt(where() * LANES);
          });
        case '1.3.10':
          return next(() => {
            const number = [read32(where()), read32(where() + 4)];
            bits.fill(0, to, to + LANES).set(number, to);
          });
        case '1.3.58':
          return next(() => setDouble(to, doubleAt(a) + doubleAt(where() * LANES)));
        case '1.3.5c':
          return next(() => setDouble(to, doubleAt(a) - doubleAt(where() * LANES)));
        case '1.3.59':
          return next(() => setDouble(to, doubleAt(a) * doubleAt(where() * LANES)));
        case '1.3.5e':
          return next(() => setDouble(to, doubleAt(a) / doubleAt(where() * LANES)));
        case '1.3.2a':
          return next(() => setDouble(to, general[where()] | 0));
        case '1.3.11':
          return next(() => {
            write32(where(), bits[to]);
            write32(where() + 4, bits[to + 1]);
          });
        case '1.1.5c':
          return doubles((x, y) => x - y);
        case '1.1.59':
          return doubles((x, y) => x * y);
        case '1.1.5a':
          return next(() => {
            load();
            const numbers = Array.from(new Float64Array(scratch.buffer, 0, lanes / 2));
            scratch.fill(0);
            scratchFloats.set(numbers);
            put();
          });
        case '1.1.6e':
          return next(() => {
            scratch.fill(0);
            scratch[0] = general[where()];
            put();
          });
        case '1.1.7e':
          return next(() => {
            general[where()] = bits[to];
          });
        case '1.0.58':
          return arithmetic((x, y) => x + y);
        case '1.0.59':
          return arithmetic((x, y) => x * y);
        case '1.0.5e':
          return arithmetic((x, y) => x / y);
        case '1.0.5d':
          return arithmetic(smaller);
        case '1.0.5f':
          return arithmetic(larger);
        case '1.0.51':
          return arithmetic((_, y) => Math.sqrt(y));
        case '2.1.b8':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++)
              floats[to + i] = fusedMultiplyAdd(floats[a + i], scratchFloats[i], floats[to + i]);
          });
        case '1.0.57':
        case '1.1.ef':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] ^= bits[a + i];
            put();
          });
        case '2.1.3f':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] = Math.max(bits[a + i], scratch[i]);
            put();
          });
        case '2.1.3b':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] = Math.min(bits[a + i], scratch[i]);
            put();
          });
        case '1.1.fe':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] += bits[a + i];
            put();
          });
        case '1.1.fa':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] = bits[a + i] - scratch[i];
            put();
          });
        case '1.1.72': {
          const by = code[at++];
          const shifts: Readonly<Partial<Record<number, (word: number) => number>>> = {
            1: (word) => (word << by) | (word >>> (32 - by)),
            2: (word) => word >>> by,
            4: (word) => word >> by,
            6: (word) => word << by,
          };
          const turned = shifts[register & 7] ?? unknown(start);
          return next(() => {
            load();
            for (let i = 0; i < LANES; i++) bits[a + i] = i < lanes ? turned(scratch[i]) : 0;
          });
        }
        case '1.0.c2': {
          if (code[at++] !== 3) throw unknownError(start);
          return next(() => {
            load();
            const found = (i: number) => Number.isNaN(floats[a + i]) || Number.isNaN(scratchFloats[i]);
            if (wide) mask = 0;
            for (let i = 0; i < LANES; i++) {
              if (!wide) bits[to + i] = i < lanes && found(i) ? 0xffffffff : 0;
              else if (found(i)) mask |= 1 << i;
            }
          });
        }
        case '2.1.27':
          return next(() => {
            load();
            mask = 0;
            for (let i = 0; i < lanes; i++) if ((bits[a + i] & scratch[i]) !== 0) mask |= 1 << i;
          });
        case '1.1.76':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] = bits[a + i] === scratch[i] ? 0xffffffff : 0;
            put();
          });
        case '1.1.df':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] &= ~bits[a + i];
            put();
          });
        case '3.1.25': {
          if (code[at++] !== 0xff || !masked || zeroing) throw unknownError(start);
          return next(() => {
            for (let i = 0; i < lanes; i++) if ((mask >> i) & 1) bits[to + i] = 0xffffffff;
          });
        }
        case '1.1.eb':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] |= bits[a + i];
            put();
          });
        case '2.1.8d':
          return next(() => {
            load();
            const words = new Uint16Array(scratch.slice().buffer);
            const choice = new Uint16Array(bits.slice(a, a + lanes).buffer);
            new Uint16Array(scratch.buffer).set(choice.map((word) => words[word & (2 * lanes - 1)]));
            put();
          });
        case '2.2.52':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) floats[to + i] = dotPair(floats[to + i], bits[a + i], scratch[i]);
          });
        case '2.3.72':
          return next(() => {
            load();
            const upper = Array.from(bits.subarray(a, a + lanes), narrow);
            const lower = Array.from(scratch, narrow);
            new Uint16Array(scratch.buffer).set([...lower, ...upper]);
            put();
          });
        case '1.1.db':
          return next(() => {
            load();
            for (let i = 0; i < lanes; i++) scratch[i] &= bits[a + i];
            put();
          });
        case '1.0.14':
        case '1.0.15':
          return unpack(op - 0x14, 1);
        case '1.1.14':
        case '1.1.15':
          return unpack(op - 0x14, 2);
        case '3.1.6': {
          const control = code[at++];
          return pick((lane) => {
            const half = lane < 4 ? control & 3 : (control >> 4) & 3;
            return [half < 2 ? 'a' : 'b', 4 * (half & 1) + (lane & 3)];
          });
        }
        case '3.1.23': {
          const control = code[at++];
          return pick((lane) => {
            const quarter = lane >> 2;
            return [quarter < 2 ? 'a' : 'b', 4 * ((control >> (2 * quarter)) & 3) + (lane & 3)];
          });
        }
      }
      throw unknownError(start);
    }
  };

  const run = (entry: number, block: number): void => {
    general[RSP] = STACK + STACK_BYTES;
    general[RDI] = block;
    const saved = CALLEE_SAVED.map((register) => {
      general[register] = 1000 + register;
      return general[register];
    });
    push(CALLER);
    for (let at = entry; at !== CALLER - CODE; ) {
      steps[at] ??= decode(at);
      at = steps[at]!();
    }
    if (general[RSP] !== STACK + STACK_BYTES) throw new Error('the stack is not where it was');
    if (tiles.areConfigured) throw new Error('the tile registers were not given up');
    if (CALLEE_SAVED.some((register, i) => general[register] !== saved[i]))
      throw new Error('a register that belongs to the caller has changed');
  };
  const addressOf = (buffer: ArrayBufferLike): number =>
    buffer === memory ? MEMORY : LISTS + LIST_BYTES * (lists.push(new DataView(buffer)) - 1);
  return { addressOf, callable: (offset) => (block) => run(offset, block) };

  function unknownError(at: number): Error {
    const bytes = Buffer.from(code.subarray(at, at + 8)).toString('hex');
    return new Error(`unknown instruction at ${at}: ${bytes}`);
  }
  function unknown(at: number): never {
    throw unknownError(at);
  }
  function unreadable(at: number): never {
    throw new Error(`reads 64 bits at ${at}`);
  }
}
