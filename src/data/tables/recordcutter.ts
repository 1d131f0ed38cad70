/** Cuts a stream of CSV text into parts that end where a record ends. */
import { DataError } from '../../errors.js';

/** A part of a text: whole records. */
interface TextPart {
  readonly bytes: Buffer;
  /** Number of lines before the part. */
  readonly lines: number;
}

/** Says how a text is written, as far as it matters for where records end, and how it is cut. */
interface Cutting {
  /** What messages call the text. */
  readonly name: string;
  readonly delimiter: string;
  /** Whether a lone carriage return ends records, and not only lines. */
  readonly endsAtReturns: boolean;
  /** Bytes from which on a part is cut off. */
  readonly partBytes: number;
  /** Longest record in bytes. */
  readonly longest: number;
}

const [QUOTE, SPACE, LINE_FEED, RETURN] = [0x22, 0x20, 0x0a, 0x0d];

/** Where the scan stands: at the start of a cell, in a bare cell, in a quoted one, after a quote in that. */
const [START, BARE, QUOTED, CLOSED] = [0, 1, 2, 3];

/**
 * Yields parts of at least `partBytes` bytes, the last one of what is left. A line end within a quoted cell
 * ends no record; as for DuckDB, a quote opens a cell only where nothing but spaces stands before it.
 * Throws DataError for a record that is too long.
 */
export async function* cutRecords(
  text: AsyncIterable<Uint8Array>,
  { name, delimiter, endsAtReturns, partBytes, longest }: Cutting,
): AsyncGenerator<TextPart> {
  const scan = new RecordScan(delimiter.charCodeAt(0), endsAtReturns);
  let pending: Uint8Array[] = [];
  let held = 0;
  let linesBefore = 0;
  for await (const bytes of text) {
    scan.read(bytes);
    pending.push(bytes);
    held += bytes.length;
    if (held < partBytes) continue;
    if (scan.end === 0) {
      if (held <= longest) continue;
      throw new DataError(
        `${name}: line ${linesBefore + 1}: the line is longer than 16 MB; correct it (a quote that is never closed?), or leave the long text out`,
      );
    }
    const all = Buffer.concat(pending);
    yield { bytes: all.subarray(0, scan.end), lines: linesBefore };
    linesBefore = scan.linesAtEnd;
    pending = [all.subarray(scan.end)];
    held -= scan.end;
    scan.cut();
  }
  if (held > 0) yield { bytes: Buffer.concat(pending), lines: linesBefore };
}

/** Follows records from piece to piece. */
class RecordScan {
  #state = START;
  #before = 0; // the last byte
  #position = 0;
  #lines = 0;
  /** Bytes since the last cut up to the end of the last whole record; 0 if there is none. */
  end = 0;
  /** Lines of the whole text up to there. */
  linesAtEnd = 0;

  constructor(
    private readonly delimiter: number,
    private readonly endsAtReturns: boolean,
  ) {}

  read(bytes: Uint8Array): void {
    const { delimiter, endsAtReturns } = this;
    const start = this.#position;
    let [state, before, lines] = [this.#state, this.#before, this.#lines];
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === LINE_FEED || byte === RETURN) {
        if (!(byte === LINE_FEED && before === RETURN)) lines++;
        if (state !== QUOTED) {
          state = START;
          if (byte === LINE_FEED || endsAtReturns) {
            this.end = start + i + 1;
            this.linesAtEnd = lines;
          }
        }
      } else if (byte === QUOTE) {
        if (state === QUOTED) state = CLOSED;
        else if (state !== BARE) state = QUOTED;
      } else if (state !== QUOTED) {
        if (byte === delimiter) state = START;
        else if (byte !== SPACE || state === CLOSED) state = BARE;
      }
      before = byte;
    }
    this.#state = state;
    this.#before = before;
    this.#lines = lines;
    this.#position = start + bytes.length;
  }

  /** Begins to count bytes anew after the last whole record. */
  cut(): void {
    this.#position -= this.end;
    this.end = 0;
  }
}
