/**
 * Replays calls of machine code in Bochs, an emulator of whole PCs, on a processor with AVX-512. No operating
 * system runs there: start.S and replay.c are all of its ROM, and its disk is a record of the calls.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Processor } from '#src/kernels/jit/processor.js';

const TOOLS = ['bochs', 'gcc', 'ld'];
const FOLDER = new URL('.', import.meta.url).pathname;
/** Bytes of a sector and of a cylinder of the emulated disk. */
const SECTOR = 512;
const CYLINDER = 16 * 63 * SECTOR;
/** In case that the code never returns. */
export const MOST_TIME = 3_600_000;
/** The kinds of a record's entries, as in replay.c. */
const KIND = { end: 0, patch: 1, expect: 2, call: 3 } as const;
/** Words that did not change between two that did, up to this many, go along with them. */
const GAP = 8;

/** The processors of Bochs that are used here. */
export type Model = 'corei7_skylake_x' | 'corei7_haswell_4770' | 'corei7_ivy_bridge_3770k';

/** Whether Bochs and what builds the ROM are installed. */
export const hasBochs = (): boolean =>
  process.platform === 'linux' && TOOLS.every((tool) => spawnSync('which', [tool]).status === 0);

/** A record of calls on one memory, which is empty in the beginning. */
export class Recorder {
  readonly #entries: Buffer[] = [];
  readonly #words: Uint32Array;
  readonly #before: Uint32Array;
  calls = 0;

  constructor(readonly memory: ArrayBufferLike) {
    this.#words = new Uint32Array(memory);
    this.#before = new Uint32Array(memory.byteLength / 4);
  }

  get bytes(): number {
    return this.#entries.reduce((sum, { length }) => sum + length, 0);
  }

  /** Records a call of the function at an offset of the code, and what `run` makes of the memory. */
  call(offset: number, block: number, run: () => void): void {
    this.#changes(KIND.patch);
    run();
    this.#changes(KIND.expect);
    this.#add(KIND.call, block, Uint32Array.of(offset));
    this.calls++;
  }

  /** Returns a processor that records all calls of another one. */
  watch({ addressOf, callable }: Processor): Processor {
    const begin = addressOf(this.memory);
    return {
      addressOf,
      callable: (offset) => {
        const run = callable(offset);
        return (block) => this.call(offset, block - begin, () => run(block));
      },
    };
  }

  /** Returns the record with the code, for replay.c. */
  finish(code: Uint8Array): Buffer {
    const end = 16 + code.length + this.bytes + 16;
    const cylinders = Math.ceil(end / CYLINDER);
    const header = Uint32Array.of(code.length, this.memory.byteLength, Math.ceil(end / SECTOR), 0);
    const padding = Buffer.alloc(cylinders * CYLINDER - end + 16);
    return Buffer.concat([Buffer.from(header.buffer), code, ...this.#entries, padding]);
  }

  #add(kind: number, at: number, data: Uint32Array): void {
    const header = Uint32Array.of(kind, at, data.byteLength, 0);
    this.#entries.push(Buffer.from(header.buffer), Buffer.from(new Uint8Array(data.slice().buffer)));
  }

  #changes(kind: number): void {
    const [now, before] = [this.#words, this.#before];
    for (let i = 0; i < now.length; i++) {
      if (now[i] === before[i]) continue;
      let end = i + 1;
      for (let j = end; j < now.length && j <= end + GAP; j++) if (now[j] !== before[j]) end = j + 1;
      const changed = now.subarray(i, end);
      this.#add(kind, 4 * i, changed);
      before.set(changed, i);
      i = end;
    }
  }
}

/**
 * What replay.c reports, in the order of its numbers. The numbers that follow: done: calls; differs: call,
 * offset in memory, bits, expected bits; registers: call; exception: its number, offset in code, address.
 */
const REPORTS = ['done', 'differs', 'registers', 'exception'] as const;
type Report = readonly [what: (typeof REPORTS)[number], ...numbers: number[]];
const NUMBERS = 5;

/** Replays a record; returns the reports. */
export function replay(record: Buffer, model: Model = 'corei7_skylake_x'): Report[] {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-bochs-'));
  const path = (name: string) => join(folder, name);
  try {
    execFileSync('gcc', [
      ...['-O2', '-Wall', '-Werror', '-ffreestanding', '-nostdlib', '-static', '-fno-stack-protector'],
      ...['-mgeneral-regs-only', '-mno-red-zone', '-fcf-protection=none', '-fno-asynchronous-unwind-tables'],
      ...['-fpie', '-no-pie', `-Wl,-T,${FOLDER}rom.ld,--oformat=binary,--build-id=none`],
      ...[`${FOLDER}start.S`, `${FOLDER}replay.c`, '-o', path('rom')],
    ]);
    writeFileSync(path('disk'), record);
    const settings = [
      `cpu: model=${model}, reset_on_triple_fault=0, ips=1000000`,
      'memory: guest=512, host=512',
      `romimage: file=${path('rom')}`,
      'ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14',
      `ata0-master: type=disk, path=${path('disk')}, mode=flat`,
      `parport1: enabled=1, file=${path('reports')}`,
      'display_library: term',
      'panic: action=fatal',
    ];
    writeFileSync(path('bochsrc'), settings.join('\n'));
    // Debian's Bochs begins in its debugger; c goes on.
    const options = { input: 'c\n', env: { ...process.env, TERM: 'xterm' }, timeout: MOST_TIME };
    const { stderr, stdout } = spawnSync('bochs', ['-q', '-f', path('bochsrc')], options);
    if (!existsSync(path('reports'))) throw new Error(`Bochs does not start: ${stderr} ${stdout}`);
    const words = new Uint32Array(new Uint8Array(readFileSync(path('reports'))).buffer);
    return Array.from({ length: words.length / NUMBERS }, (_, i) => {
      const [what, ...numbers] = words.subarray(NUMBERS * i, NUMBERS * (i + 1));
      return [REPORTS[what], ...numbers];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
