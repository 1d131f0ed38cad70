/**
 * `--kernels jit` multiplies matrices, and makes the steps of SGD and Adam, with machine code that is written
 * when it is first needed: once for all threads of the process, whatever the shapes. Its bits are those of
 * `wasm`, which does all the rest.
 */
import { didYouMean } from '../../didyoumean.js';
import { UsageError } from '../../errors.js';
import type { WasmModule } from '../wasm/types.js';
import { requestTileRegisters } from './amxpermission.js';
import {
  compileAmxCode,
  compileCode,
  compileNarrowCode,
  type MachineCode,
  type ProductAddresses,
} from './compile.js';
import { hasAmx, hasNarrowing, instructionSets } from './cpu.js';
import type { InstructionSet } from './encoder.js';
import { isNarrowFaster } from './narrowspeed.js';
import { testAmxCode, testCode, testNarrowCode } from './selftest.js';

export { AMX_BLOCK_BYTES } from './amxproducts.js';
export { BLOCK_BYTES } from './block.js';
export type { MachineCode, ProductAddresses } from './compile.js';
export type { InstructionSet } from './encoder.js';
export { narrowProducts } from './narrowproducts.js';
export { machineProducts } from './products.js';

/** Names the environment variable that holds the machine code to one instruction set, for tests. */
const OVERRIDE = 'JIT_INSTRUCTIONS';
/** What it may say: AVX-512 with its bfloat16, AVX-512 alone, or AVX2. */
const INSTRUCTION_SETS = ['avx512_bf16', 'avx512', 'avx2'] as const;

/** The outcome of the attempt to make machine code. */
interface CodeSearch {
  readonly code: MachineCode | null;
  /** Why there is none, in one line. */
  readonly why: string;
  /** Whether this processor could run it, but something else prevents that: the user should hear of it. */
  readonly refused: boolean;
}

const searches = new Map<InstructionSet | undefined, CodeSearch>();

/**
 * Makes machine code, or says why this process cannot have any. It is made once; later calls return the same.
 * @param wasm returns the WASM kernels against which the code is tested
 * @throws UsageError where the environment asks for instructions that do not exist
 */
export function searchMachineCode(wasm: () => WasmModule): CodeSearch {
  const wanted = wantedInstructions();
  let search = searches.get(wanted);
  if (!search) {
    search = makeCode(wanted, wasm);
    searches.set(wanted, search);
  }
  return search;
}

function makeCode(wanted: InstructionSet | undefined, wasm: () => WasmModule): CodeSearch {
  const none = (why: string, refused: boolean): CodeSearch => ({ code: null, why, refused });
  if (process.arch !== 'x64') return none(`there is no machine code for ${process.arch} processors`, false);
  try {
    const available = instructionSets();
    const instructions = wanted ?? available[0];
    if (instructions === undefined) return none('this processor has no AVX2 with FMA', false);
    if (!available.includes(instructions)) return none(`this processor has no ${instructions}`, true);
    const code = compileCode(instructions);
    testCode(code, wasm());
    return { code, why: '', refused: false };
  } catch (error) {
    return none((error as Error).message, true);
  }
}

/** The outcome of the attempt to make the code of bfloat16 products. */
interface Bfloat16Search {
  readonly code: ProductAddresses | null;
  /** Why there is none, in one line. */
  readonly why: string;
}

let narrowSearch: Bfloat16Search | undefined;
let amxSearch: Bfloat16Search | undefined;

/** Makes the machine code of bfloat16 products likewise, where the processor gains by AVX512_BF16. */
export function searchNarrowCode(wasm: () => WasmModule): Bfloat16Search {
  const held = process.env[OVERRIDE];
  if (held && held !== 'avx512_bf16') return { code: null, why: `${OVERRIDE} is ${held}` };
  narrowSearch ??= makeNarrowCode(wasm, held === 'avx512_bf16');
  return narrowSearch;
}

/** @param asked whether the instructions are asked for, however fast they are */
function makeNarrowCode(wasm: () => WasmModule, asked: boolean): Bfloat16Search {
  try {
    if (!hasNarrowing()) return { code: null, why: 'this CPU has no AVX512_BF16' };
    const code = compileNarrowCode();
    testNarrowCode(code, wasm());
    const plain = searchMachineCode(wasm).code;
    if (asked || plain === null || isNarrowFaster(code, plain, wasm())) return { code, why: '' };
    return { code: null, why: 'AVX512_BF16 is slower than float32 on this CPU' };
  } catch (error) {
    return { code: null, why: (error as Error).message };
  }
}

/** Makes the machine code of bfloat16 products by AMX likewise, where the processor has it. */
export function searchAmxCode(): Bfloat16Search {
  const held = wantedInstructions();
  if (held !== undefined && held !== 'avx512') return { code: null, why: `${OVERRIDE} is ${held}` };
  amxSearch ??= makeAmxCode();
  return amxSearch;
}

function makeAmxCode(): Bfloat16Search {
  try {
    if (!hasAmx()) return { code: null, why: 'this CPU or system has no AMX for bfloat16' };
    requestTileRegisters();
    const code = compileAmxCode();
    testAmxCode(code);
    return { code, why: '' };
  } catch (error) {
    return { code: null, why: (error as Error).message };
  }
}

function wantedInstructions(): InstructionSet | undefined {
  const name = process.env[OVERRIDE];
  if (!name) return undefined;
  const found = INSTRUCTION_SETS.find((set) => set === name);
  if (found) return found === 'avx512_bf16' ? 'avx512' : found;
  throw new UsageError(
    `${OVERRIDE}: expected ${INSTRUCTION_SETS.join(' or ')}, found ${name}${didYouMean(name, INSTRUCTION_SETS)}`,
  );
}
