/** Gives words their codes by their bytes. */

/** Words of one column that are remembered from part to part, and bytes of them, before all are forgotten. */
const MOST = { words: 2 ** 16, bytes: 2 ** 22 } as const;

const decoder = new TextDecoder();

/** Finds words by their bytes, so that a word is decoded once for many cells. */
export class WordTable {
  /** The words of this part. */
  own: string[] = [];
  #words: string[] = [];
  #hashes: number[] = [];
  /** Word i has the bytes `#starts[i] … #starts[i+1]−1`. */
  #starts: number[] = [0];
  #bytes = Buffer.alloc(1024);
  #slots = new Int32Array(256);
  /** The part in which a word occurred last, and its index among the words of that part. */
  #parts: number[] = [];
  #indices: number[] = [];
  #part = 0;

  /** Begins a part. */
  begin(): void {
    this.#part++;
    this.own = [];
    if (this.#words.length <= MOST.words && this.#starts[this.#words.length] <= MOST.bytes) return;
    this.#words = [];
    this.#hashes = [];
    this.#starts = [0];
    this.#parts = [];
    this.#indices = [];
    this.#slots = new Int32Array(256);
  }

  /** Returns the index of a word among those of this part. */
  code(bytes: Buffer, start: number, end: number): number {
    let hash = 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x0100_0193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const word = this.#slots[slot] - 1;
      if (this.#hashes[word] === hash && this.#equals(word, bytes, start, end)) return this.#index(word);
    }
    return this.#index(this.#add(bytes, start, end, hash, slot));
  }

  #equals(word: number, bytes: Buffer, start: number, end: number): boolean {
    const first = this.#starts[word];
    if (this.#starts[word + 1] - first !== end - start) return false;
    for (let i = start, j = first; i < end; i++, j++) if (bytes[i] !== this.#bytes[j]) return false;
    return true;
  }

  #index(word: number): number {
    if (this.#parts[word] !== this.#part) {
      this.#parts[word] = this.#part;
      this.#indices[word] = this.own.push(this.#words[word]) - 1;
    }
    return this.#indices[word];
  }

  #add(bytes: Buffer, start: number, end: number, hash: number, slot: number): number {
    const word = this.#words.push(decoder.decode(bytes.subarray(start, end))) - 1;
    const first = this.#starts[word];
    const last = first + end - start;
    if (last > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(last)]);
    bytes.copy(this.#bytes, first, start, end);
    this.#starts.push(last);
    this.#hashes.push(hash);
    this.#parts.push(0);
    this.#indices.push(0);
    this.#slots[slot] = word + 1;
    if (2 * this.#words.length > this.#slots.length) this.#grow();
    return word;
  }

  #grow(): void {
    this.#slots = new Int32Array(4 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (const [word, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = word + 1;
    }
  }
}
