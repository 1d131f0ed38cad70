/** Keeps the words of a column on disk, in blocks of some thousand. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { readAt } from '../files.js';
import type { Words } from './wordlist.js';

/** Words on disk; any thread can read them. */
export interface StoredWords {
  readonly path: string;
  readonly length: number;
  /** Where each block begins, in bytes, and the code of its first word; at last, where they end. */
  readonly blocks: readonly { readonly at: number; readonly first: number }[];
}

/** Most words of a block, and the characters after which it ends. */
const MOST = { words: 2 ** 12, characters: 2 ** 20 } as const;

/** Writes words to a new file. A block holds the length of each word in bytes, and then the words. */
export class WordFileWriter {
  readonly #handle: number;
  readonly #blocks = [{ at: 0, first: 0 }];
  #block: string[] = [];
  #characters = 0;

  constructor(private readonly path: string) {
    this.#handle = openSync(path, 'wx', 0o600);
  }

  append(word: string): void {
    this.#characters += word.length;
    if (this.#block.push(word) === MOST.words || this.#characters >= MOST.characters) this.#flush();
  }

  end(): StoredWords {
    this.#flush();
    this.close();
    const blocks = this.#blocks;
    return { path: this.path, length: blocks[blocks.length - 1].first, blocks };
  }

  close(): void {
    closeSync(this.#handle);
  }

  #flush(): void {
    const words = this.#block;
    if (words.length === 0) return;
    const text = Buffer.from(words.join(''));
    // Where there are as many bytes as characters, each character has one byte.
    const isAscii = text.length === this.#characters;
    const lengths = Uint32Array.from(words, (word) => (isAscii ? word.length : Buffer.byteLength(word)));
    for (const bytes of [new Uint8Array(lengths.buffer), text])
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#handle, bytes, done);
    const { at, first } = this.#blocks[this.#blocks.length - 1];
    this.#blocks.push({ at: at + lengths.byteLength + text.length, first: first + words.length });
    this.#block = [];
    this.#characters = 0;
  }
}

/** Reads words from disk. */
export class WordFile implements Words {
  /** The block that was read last, and its number. */
  #read: readonly string[] = [];
  #number = -1;

  constructor(readonly stored: StoredWords) {}

  get length(): number {
    return this.stored.length;
  }

  at(code: number): string | undefined {
    if (!(code >= 0 && code < this.length)) return undefined;
    const { blocks } = this.stored;
    if (!(blocks[this.#number]?.first <= code && code < blocks[this.#number + 1].first)) {
      this.#number = blocks.findLastIndex(({ first }) => first <= code);
      const handle = openSync(this.stored.path, 'r');
      try {
        this.#read = this.#block(handle, this.#number);
      } finally {
        closeSync(handle);
      }
    }
    return this.#read[code - blocks[this.#number].first];
  }

  /** Reads block by block. A generator would take three times as long for each word. */
  [Symbol.iterator](): Iterator<string, undefined> {
    const handle = openSync(this.stored.path, 'r');
    let block: readonly string[] = [];
    let [number, next] = [0, 0];
    const end = () => {
      closeSync(handle);
      return { done: true, value: undefined } as const;
    };
    return {
      next: () => {
        if (next === block.length) {
          if (number === this.stored.blocks.length - 1) return end();
          block = this.#block(handle, number++);
          next = 0;
        }
        return { done: false, value: block[next++] };
      },
      return: end,
    };
  }

  #block(handle: number, number: number): string[] {
    const { path, blocks } = this.stored;
    const [{ at: start, first }, end] = [blocks[number], blocks[number + 1]];
    const bytes = Buffer.allocUnsafeSlow(end.at - start);
    if (readAt(handle, bytes, start) < bytes.length) throw new Error(`${path} has become shorter`);
    const lengths = new Uint32Array(bytes.buffer, 0, end.first - first);
    const text = bytes.toString('utf8', lengths.byteLength);
    const isAscii = text.length === bytes.length - lengths.byteLength;
    const words: string[] = [];
    let at = isAscii ? 0 : lengths.byteLength;
    for (const size of lengths) {
      words.push(isAscii ? text.slice(at, at + size) : bytes.toString('utf8', at, at + size));
      at += size;
    }
    return words;
  }
}
