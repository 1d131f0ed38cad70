/**
 * The ranks of a training: processes, on one machine or several, that a launcher has started together. All of
 * them do the same, each with its own share of the work, and rank 0 alone writes and prints. Nothing is ever
 * added up on the way between them: bytes are moved, and each rank does the same additions with them.
 */
import { hostname } from 'node:os';
import { revivedError, type ThrownError, thrownError } from '../errors.js';

/** Bytes that go to a rank or come from it. */
export interface Piece {
  readonly rank: number;
  readonly bytes: Uint8Array;
}

/** Moves bytes between ranks. */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  /**
   * Sends and receives at the same time. What one rank sends to another arrives in the order in which both
   * list it.
   */
  transfer(sends: readonly Piece[], receives: readonly Piece[]): Promise<void>;
}

/** What a rank tells all others while a training is prepared. */
type Word = { readonly value: unknown } | { readonly error: ThrownError };

/** An array of which each rank has a part. */
interface Parted {
  readonly bytes: Uint8Array;
  /** The bytes of each rank's part, as offsets. */
  readonly parts: readonly { readonly first: number; readonly last: number }[];
}

/** What mends most differences between ranks. */
export const STARTED_ALIKE = 'start all ranks with the same command';

export class Ranks {
  /** The exit code with which this rank is asked to stop, else 0; the next step tells all. */
  wantsStop = 0;
  /** Whether a training is being prepared: an error is then told to all ranks. */
  preparing = true;
  /** The name of the machine of each rank. */
  hosts: readonly string[] = [];
  readonly #known = new WeakSet<Error>();
  #stop = new AbortController();

  private constructor(private readonly transport: Transport) {}

  /** Meets the other ranks. */
  static async meet(transport: Transport, host = hostname()): Promise<Ranks> {
    const ranks = new Ranks(transport);
    ranks.hosts = await ranks.gatherTexts(host);
    return ranks;
  }

  get rank(): number {
    return this.transport.rank;
  }

  get size(): number {
    return this.transport.size;
  }

  /** Ranks on this rank's machine. */
  get onThisHost(): number {
    return this.hosts.filter((host) => host === this.hosts[this.rank]).length;
  }

  /** All other ranks, from the next one on: ranks that all began with rank 0 would wait for its link. */
  get others(): number[] {
    return Array.from({ length: this.size - 1 }, (_, i) => (this.rank + 1 + i) % this.size);
  }

  transfer(sends: readonly Piece[], receives: readonly Piece[]): Promise<void> {
    return this.transport.transfer(sends, receives);
  }

  /** Gives every rank the texts of all ranks. */
  async gatherTexts(text: string): Promise<string[]> {
    const own = new Uint8Array(Buffer.from(text));
    const lengths = new Float64Array(this.size);
    lengths[this.rank] = own.length;
    await this.gatherParts(lengths, (rank) => ({ first: rank, last: rank + 1 }));
    const received = Array.from(lengths, (length) => new Uint8Array(length));
    const { others } = this;
    await this.transfer(
      others.map((rank) => ({ rank, bytes: own })),
      others.map((rank) => ({ rank, bytes: received[rank] })),
    );
    received[this.rank] = own;
    return received.map((bytes) => Buffer.from(bytes).toString());
  }

  /** Completes an array of which each rank has computed the elements of one range. */
  gatherParts(
    array: Float32Array | Float64Array | Uint32Array,
    rangeOf: (rank: number) => { readonly first: number; readonly last: number },
  ): Promise<void> {
    return this.gatherAll([partedBy(array, this.size, rangeOf)]);
  }

  /** Completes several arrays at once. */
  async gatherAll(arrays: readonly Parted[]): Promise<void> {
    const { rank, others } = this;
    const part = ({ bytes, parts }: Parted, of: number) => bytes.subarray(parts[of].first, parts[of].last);
    const pieces = (to: number, of: number) =>
      arrays.map((array) => ({ rank: to, bytes: part(array, of) })).filter(({ bytes }) => bytes.length > 0);
    await this.transfer(
      others.flatMap((other) => pieces(other, rank)),
      others.flatMap((other) => pieces(other, other)),
    );
  }

  /** Gives every rank what rank 0 has in these arrays. */
  async spread(arrays: readonly (Float32Array | Float64Array)[]): Promise<void> {
    for (const array of arrays) {
      await this.gatherParts(array, (rank) => ({ first: 0, last: rank === 0 ? array.length : 0 }));
    }
  }

  /**
   * Tells all ranks a value, which must survive JSON, and returns those of all.
   * @throws on all ranks the error that one of them has told instead
   */
  tell<Value>(value: Value): Promise<Value[]> {
    return this.#tell({ value }) as Promise<Value[]>;
  }

  /**
   * Lets rank 0 do what it alone can, and returns on all ranks what comes of it.
   * @throws on all ranks what it throws, or what another rank has told instead
   */
  async fromFirst<Value>(produce: () => Value): Promise<Value> {
    const [first] = await (this.rank === 0
      ? this.whileTelling(async () => this.tell(produce()))
      : this.tell(null as Value));
    return first;
  }

  /** Does work that prepares a training; an error in it ends all ranks, wherever they are by then. */
  async whileTelling<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (!this.preparing || this.#known.has(error as Error)) throw error;
      await this.#tell({ error: thrownError(error) });
      throw error;
    }
  }

  /** Begins a training, which is prepared first. */
  begin(): void {
    this.wantsStop = 0;
    this.#stop = new AbortController();
    this.preparing = true;
  }

  /** Aborts on all ranks in the same step. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Takes what all ranks were asked when the last step was made. */
  agreeToStop(asked: readonly number[]): void {
    const exitCode = Math.max(...asked);
    if (exitCode > 0) this.#stop.abort(exitCode);
  }

  /** Returns an error to which all ranks have come by themselves, and remembers that. */
  agreedOn(error: Error): Error {
    this.#known.add(error);
    return error;
  }

  /** Whether all ranks have ended with this error. */
  isKnown(error: unknown): boolean {
    return this.#known.has(error as Error);
  }

  async #tell(word: Word): Promise<unknown[]> {
    const words = (await this.gatherTexts(JSON.stringify(word))).map((text) => JSON.parse(text) as Word);
    const failed = words.findIndex((told) => 'error' in told);
    const first = words[failed];
    if (first === undefined || !('error' in first))
      return words.map((told) => (told as { value: unknown }).value);
    const { message } = first.error;
    const error = revivedError({
      ...first.error,
      message: failed === 0 ? message : `${this.nameOf(failed)}: ${message}`,
    });
    throw this.agreedOn(error);
  }

  /** Names a rank for people. */
  nameOf(rank: number): string {
    return `rank ${rank} on ${this.hosts[rank] ?? 'an unknown machine'}`;
  }
}

/** Says which elements of an array each rank has. */
export function partedBy(
  array: Float32Array | Float64Array | Uint32Array,
  ranks: number,
  rangeOf: (rank: number) => { readonly first: number; readonly last: number },
): Parted {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = array;
  return {
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
    parts: Array.from({ length: ranks }, (_, rank) => {
      const { first, last } = rangeOf(rank);
      return { first: width * first, last: width * last };
    }),
  };
}
