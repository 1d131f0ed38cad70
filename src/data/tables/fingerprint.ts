/** Computes the fingerprint of a table from what its columns are and hold. */
import { fingerprintOfText } from '../fit.js';
import type { Reading } from '../reading.js';
import type { Words } from './wordlist.js';

/** What the fingerprint says of a column: its name, and its words or, where it has none, how it is read. */
export interface PrintedColumn {
  readonly name: string;
  readonly words: Words | null;
  readonly as: Reading['as'];
}

/** Returns the SHA-256 of the columns and of their values or codes, one column after the other. */
export const tableFingerprint = (
  columns: readonly PrintedColumn[],
  arrays: Parameters<typeof fingerprintOfText>[1],
): string => fingerprintOfText(jsonOf(columns), arrays);

/**
 * Yields `[["name",["word",…]],["name","number"],…]` in pieces: there may be more words than a string holds.
 */
function* jsonOf(columns: readonly PrintedColumn[]): Generator<string> {
  for (const [index, { name, words, as }] of columns.entries()) {
    yield `${index === 0 ? '[' : ','}[${JSON.stringify(name)},`;
    if (words === null) yield JSON.stringify(as);
    else yield* jsonOfWords(words);
    yield ']';
  }
  yield columns.length === 0 ? '[]' : ']';
}

/** Words of a piece. */
const PIECE = 2 ** 10;

function* jsonOfWords(words: Words): Generator<string> {
  let piece: string[] = [];
  let begin = '[';
  for (const word of words) {
    piece.push(word);
    if (piece.length < PIECE) continue;
    yield begin + JSON.stringify(piece).slice(1, -1);
    begin = ',';
    piece = [];
  }
  yield piece.length === 0 && begin === ',' ? ']' : `${begin}${JSON.stringify(piece).slice(1)}`;
}
