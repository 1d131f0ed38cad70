/** Encodes x86-64 instructions: prefixes, operands and labels. assembler.ts gives the instructions names. */

/** The numbers of the general registers. */
export const [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15] = Array.from(
  { length: 16 },
  (_, number) => number,
);

/** The instructions that vectors are computed with. */
export type InstructionSet = 'avx512' | 'avx2';

/** Memory at base + index·scale + offset. */
export interface MemoryOperand {
  readonly base: number;
  readonly offset: number;
  readonly index: number | null;
  readonly scale: 1 | 4;
}

/** A general register, or memory. */
export type Operand = number | MemoryOperand;

/** Returns the memory at base + offset, or at base + offset + index·scale. */
export const at = (
  base: number,
  offset = 0,
  index: number | null = null,
  scale: 1 | 4 = 1,
): MemoryOperand => ({ base, offset, index, scale });

/** A place in the code, which jumps and addresses may name before it is known. */
export type Label = number;

/** What distinguishes forms of one vector instruction. */
interface VectorForm {
  /** Takes the lanes of mask register k1 alone; the others become 0, or stay as they are in memory. */
  readonly masked?: boolean;
  /** With `masked`, the others stay as they are in a register too. */
  readonly merging?: boolean;
  /** Bytes in which an EVEX offset is counted. */
  readonly unit?: number;
  readonly immediate?: number;
  readonly wide?: 0 | 1;
  /** Takes 128 bits whatever the vectors' size. */
  readonly short?: boolean;
}

const PLAIN: VectorForm = {};
/** More bytes than any instruction has. */
const LONGEST = 16;

export class Encoder {
  /** Bytes and floats of a vector. */
  readonly vectorBytes: number;
  readonly lanes: number;
  /** Vector registers. */
  readonly registers: number;
  #bytes = new Uint8Array(1 << 17);
  #length = 0;
  readonly #labels: number[] = [];
  /** Where the rows of each key begin, and where each of them ends. */
  readonly #rows = new Map<string, readonly number[]>();
  /** Places of 32-bit distances that are filled in when all labels are known. */
  readonly #distances: { readonly place: number; readonly label: Label; readonly from: number }[] = [];

  constructor(readonly instructions: InstructionSet) {
    this.vectorBytes = instructions === 'avx512' ? 64 : 32;
    this.lanes = this.vectorBytes / 4;
    this.registers = instructions === 'avx512' ? 32 : 16;
  }

  /** Returns the code. */
  finish(): Uint8Array {
    const view = new DataView(this.#bytes.buffer);
    for (const { place, label, from } of this.#distances)
      view.setInt32(place, this.#labels[label] - from, true);
    return this.#bytes.slice(0, this.#length);
  }

  label(): Label {
    return this.#labels.push(-1) - 1;
  }

  /** Says that a label means the next instruction. */
  place(label: Label): void {
    this.#labels[label] = this.#length;
  }

  /** Returns a label of the next instruction. */
  here(): Label {
    const label = this.label();
    this.place(label);
    return label;
  }

  /** Returns where a label is, in bytes from the beginning of the code. */
  offsetOf(label: Label): number {
    return this.#labels[label];
  }

  /** Fills up to a multiple of 64 bytes, a cache line, with instructions that do nothing. */
  align(): void {
    while (this.#length % 64) this.bytes(0x90);
  }

  bytes(...values: readonly number[]): void {
    this.#makeRoom();
    for (const value of values) this.#bytes[this.#length++] = value;
  }

  /**
   * Writes what `each` writes for rows 0 … count − 1, which is to name no labels. Fewer rows than were
   * written before with the same key are copied from those, because writing takes much longer.
   */
  rows(key: string, count: number, each: (row: number) => void): void {
    const known = this.#rows.get(key);
    if (known && count < known.length) {
      const bytes = known[count] - known[0];
      this.#makeRoom(bytes);
      this.#bytes.copyWithin(this.#length, known[0], known[count]);
      this.#length += bytes;
      return;
    }
    const places = [this.#length];
    for (let row = 0; row < count; row++) {
      each(row);
      places.push(this.#length);
    }
    this.#rows.set(key, places);
  }

  /** Makes room for bytes, by default for an instruction, which are then written without looking. */
  #makeRoom(bytes = LONGEST): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length + bytes);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Writes numbers, which instructions read. */
  floats(...values: readonly number[]): void {
    for (const value of values) this.bytes(...new Uint8Array(Float32Array.of(value).buffer));
  }

  /** Writes how far a label lies from another one. */
  distance(label: Label, from: Label): void {
    this.#distances.push({ place: this.#length, label, from: this.#labels[from] });
    this.int32(0);
  }

  protected int32(value: number): void {
    this.#makeRoom();
    const [bytes, n] = [this.#bytes, this.#length];
    bytes[n] = value;
    bytes[n + 1] = value >> 8;
    bytes[n + 2] = value >> 16;
    bytes[n + 3] = value >> 24;
    this.#length = n + 4;
  }

  protected near(label: Label): void {
    this.#distances.push({ place: this.#length, label, from: this.#length + 4 });
    this.int32(0);
  }

  /** Writes an instruction whose opcode holds its register. */
  protected short(opcode: number, register: number): void {
    if (register > 7) this.bytes(0x41);
    this.bytes(opcode | (register & 7));
  }

  /** @param opcode its two bytes, if there are two, as one number */
  protected integer(wide: 0 | 1, opcode: number, register: number, operand: Operand): void {
    this.#makeRoom();
    const base = typeof operand === 'number' ? operand : operand.base;
    const index = typeof operand === 'number' ? 0 : (operand.index ?? 0);
    const rex = 0x40 | (wide << 3) | ((register >> 3) << 2) | ((index >> 3) << 1) | (base >> 3);
    if (rex !== 0x40) this.#bytes[this.#length++] = rex;
    if (opcode > 0xff) this.#bytes[this.#length++] = opcode >> 8;
    this.#bytes[this.#length++] = opcode;
    this.#operand(register, operand, 1);
  }

  protected arithmetic(wide: 0 | 1, operation: number, operand: Operand, value: number): void {
    const short = value >= -128 && value < 128;
    this.integer(wide, short ? 0x83 : 0x81, operation, operand);
    if (short) this.bytes(value);
    else this.int32(value);
  }

  /** Writes a register and an operand (ModRM, SIB, offset); a one-byte offset counts in `unit` bytes. */
  #operand(register: number, operand: Operand, unit: number): void {
    const bytes = this.#bytes;
    const field = (register & 7) << 3;
    if (typeof operand === 'number') {
      bytes[this.#length++] = 0xc0 | field | (operand & 7);
      return;
    }
    const { base, offset, index, scale } = operand;
    const short = offset % unit === 0 && offset / unit >= -128 && offset / unit < 128;
    // Without an offset, rbp and r13 would mean something else.
    const mode = offset === 0 && (base & 7) !== RBP ? 0 : short ? 1 : 2;
    const indexed = index !== null || (base & 7) === RSP;
    bytes[this.#length++] = (mode << 6) | field | (indexed ? 4 : base & 7);
    if (indexed)
      bytes[this.#length++] = (scale === 4 ? 0x80 : 0) | ((index === null ? 4 : index & 7) << 3) | (base & 7);
    if (mode === 1) bytes[this.#length++] = offset / unit;
    else if (mode === 2) this.int32(offset);
  }

  /** Writes a vector instruction with the prefix of this instruction set. */
  protected vector(
    prefix: number,
    map: number,
    opcode: number,
    to: number,
    a: number,
    b: Operand,
    form: VectorForm = PLAIN,
  ): void {
    if (this.instructions === 'avx512') this.evex(prefix, map, opcode, to, a, b, form);
    else this.vex(prefix, map, opcode, to, a, b, form);
  }

  protected vex(
    prefix: number,
    map: number,
    opcode: number,
    to: number,
    a: number,
    b: Operand,
    form: VectorForm,
  ) {
    const base = typeof b === 'number' ? b : b.base;
    const index = typeof b === 'number' ? 0 : (b.index ?? 0);
    const inverted = ((~to & 8) << 4) | ((~index & 8) << 3) | ((~base & 8) << 2);
    const length = form.short ? 0 : 4;
    this.#makeRoom();
    const [bytes, n] = [this.#bytes, this.#length];
    bytes[n] = 0xc4;
    bytes[n + 1] = inverted | map;
    bytes[n + 2] = ((~a & 15) << 3) | length | prefix;
    bytes[n + 3] = opcode;
    this.#length = n + 4;
    this.#operand(to, b, 1);
    if (form.immediate !== undefined) this.#bytes[this.#length++] = form.immediate;
  }

  protected evex(
    prefix: number,
    map: number,
    opcode: number,
    to: number,
    a: number,
    b: Operand,
    form: VectorForm,
  ) {
    // A vector register as second operand has its fifth bit where memory has the index's fourth.
    const base = typeof b === 'number' ? b & 15 : b.base;
    const high = typeof b === 'number' ? b >> 4 : (b.index ?? 0) >> 3;
    const inverted = ((~to & 8) << 4) | ((~high & 1) << 6) | ((~base & 8) << 2) | (~to & 16);
    const zeroing = form.masked && !form.merging && opcode !== 0x11 ? 0x80 : 0;
    this.#makeRoom();
    const [bytes, n] = [this.#bytes, this.#length];
    bytes[n] = 0x62;
    bytes[n + 1] = inverted | map;
    bytes[n + 2] = ((form.wide ?? 0) << 7) | ((~a & 15) << 3) | 4 | prefix;
    bytes[n + 3] = zeroing | 0x40 | ((~a & 16) >> 1) | (form.masked ? 1 : 0);
    bytes[n + 4] = opcode;
    this.#length = n + 5;
    this.#operand(to, b, form.unit ?? 64);
    if (form.immediate !== undefined) this.#bytes[this.#length++] = form.immediate;
  }
}
