/** The words of a column: an array, or a file where there are nearly as many as rows. */

/** Words in the order of their codes. Going through them all is fast; `at` is meant for single ones. */
export interface Words extends Iterable<string> {
  readonly length: number;
  at(code: number): string | undefined;
}

/** Calls `each` for every word with its code. */
export function eachWord(words: Words, each: (word: string, code: number) => void): void {
  let code = 0;
  for (const word of words) each(word, code++);
}

/** Returns the first words for which something holds, at most `limit`. */
export function findWords(words: Words, holds: (word: string) => boolean, limit: number): string[] {
  const found: string[] = [];
  for (const word of words) {
    if (!holds(word)) continue;
    found.push(word);
    if (found.length === limit) break;
  }
  return found;
}

export const findWord = (words: Words, holds: (word: string) => boolean): string | undefined =>
  findWords(words, holds, 1)[0];

export const someWord = (words: Words, holds: (word: string) => boolean): boolean =>
  findWord(words, holds) !== undefined;

export const everyWord = (words: Words, holds: (word: string) => boolean): boolean =>
  !someWord(words, (word) => !holds(word));

/** Marks with 1 the words for which something holds; returns null if it holds for none. */
export function markWords(words: Words, holds: (word: string) => boolean): Uint8Array | null {
  let marks: Uint8Array | null = null;
  eachWord(words, (word, code) => {
    if (!holds(word)) return;
    marks ??= new Uint8Array(words.length);
    marks[code] = 1;
  });
  return marks;
}

/** Returns the words whose codes are chosen, in their order. */
export function chooseWords(words: Words, isChosen: (code: number) => boolean): Words {
  const codes = new Uint32Array(words.length);
  let chosen = 0;
  for (let code = 0; code < words.length; code++) if (isChosen(code)) codes[chosen++] = code;
  return chosen === words.length ? words : new ChosenWords(words, codes.subarray(0, chosen));
}

class ChosenWords implements Words {
  /** @param codes ascending */
  constructor(
    private readonly words: Words,
    private readonly codes: Uint32Array,
  ) {}

  get length(): number {
    return this.codes.length;
  }

  at(index: number): string | undefined {
    return index < this.length ? this.words.at(this.codes[index]) : undefined;
  }

  *[Symbol.iterator](): Generator<string> {
    let [code, next] = [0, 0];
    for (const word of this.words) {
      if (next === this.codes.length) return;
      if (code++ !== this.codes[next]) continue;
      yield word;
      next++;
    }
  }
}
