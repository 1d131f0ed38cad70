/**
 * Moves bytes between ranks by MPI. All calls come from the main thread and return at once: a rank that waits
 * asks now and then instead, so that it leaves its core to others and hears signals.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { address } from '../kernels/foreign.js';
import { type Launch, launchOf } from './launcher.js';
import { type LoadedMpi, loadMpi, mpiFunctions, settleUcx } from './library.js';
import { type Piece, Ranks, type Transport } from './ranks.js';

/** MPI counts bytes in 32 bits. */
const MOST_BYTES = 2 ** 30;
/** MPI_THREAD_FUNNELED: there are other threads, and only the main one calls MPI. */
const FUNNELED = 1;
const TAG = 1;

/** Milliseconds for which a rank asks without a pause, since others are usually about as fast. */
const SPIN = 0.2;
/** Milliseconds of the first pause. */
const FIRST_PAUSE = 0.02;
/**
 * Milliseconds of the longest pause, while bytes may be moving: MPI sends and receives when it is asked, so
 * with pauses of 1 ms a link of 1 Gbit/s was half used.
 */
const LAST_PAUSE = 0.1;
/** Who has waited for long may pause for this share of it, up to a turn. */
const SHARE_OF_WAIT = 0.005;
/** Milliseconds after which the event loop turns while a rank waits. */
const TURN = 20;

class MpiTransport implements Transport {
  readonly rank: number;
  readonly size: number;
  readonly #functions: ReturnType<typeof mpiFunctions>;
  readonly #handles: LoadedMpi['handles'];
  /** The addresses of buffers that were moved before. */
  readonly #addresses = new WeakMap<ArrayBufferLike, number>();
  readonly #numbers = new Int32Array(new ArrayBuffer(64));
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #requests = new ArrayBuffer(8 * 64);

  /** @throws UsageError where the library does not belong to the launcher */
  constructor(mpi: LoadedMpi, launch: Launch) {
    this.#functions = mpiFunctions(mpi);
    this.#handles = mpi.handles;
    const { world, errorsReturn } = mpi.handles;
    const { init, setErrorHandler, rank, size } = this.#functions;
    check('MPI_Init_thread', init(0, 0, FUNNELED, this.#at(this.#numbers)));
    check('MPI_Comm_set_errhandler', setErrorHandler(world, errorsReturn));
    const read = (ask: typeof rank) => {
      check('MPI_Comm_rank', ask(world, this.#at(this.#numbers)));
      return this.#numbers[0];
    };
    this.rank = read(rank);
    this.size = read(size);
    if (this.size !== launch.size) {
      throw new UsageError(
        `the launcher has started ${launch.size} ranks, and ${mpi.version} (${mpi.path}) knows of ${this.size}: they belong to different MPIs; take the mpiexec of ${mpi.kind}`,
      );
    }
  }

  async transfer(sends: readonly Piece[], receives: readonly Piece[]): Promise<void> {
    const { send, receive } = this.#functions;
    const all = [
      ...receives.map((piece) => ({ ...piece, act: receive })),
      ...sends.map((piece) => ({ ...piece, act: send })),
    ];
    const calls = all.flatMap(({ rank, bytes, act }) => {
      const start = this.#at(bytes);
      const parts = Math.ceil(bytes.length / MOST_BYTES);
      return Array.from({ length: parts }, (_, part) => {
        const from = part * MOST_BYTES;
        return { rank, act, start: start + from, length: Math.min(MOST_BYTES, bytes.length - from) };
      });
    });
    if (calls.length === 0) return;
    const { world, byte, bytes: width } = this.#handles;
    if (this.#requests.byteLength < width * calls.length)
      this.#requests = new ArrayBuffer(width * calls.length);
    const requests = this.#at(new Uint8Array(this.#requests));
    for (const [i, { rank, act, start, length }] of calls.entries()) {
      check('MPI', act(start, length, byte, rank, TAG, world, requests + width * i));
    }
    await this.#wait(calls.length, requests);
  }

  /** Ends MPI, when all ranks have come here. */
  finish(): void {
    this.#functions.finalize();
  }

  /** Ends all ranks at once. */
  abort(code: number): void {
    this.#functions.abort(this.#handles.world, code);
  }

  async #wait(count: number, requests: number): Promise<void> {
    const { testAll } = this.#functions;
    const done = this.#at(this.#numbers);
    const begin = performance.now();
    let turned = begin;
    let pause = FIRST_PAUSE;
    for (;;) {
      check('MPI_Testall', testAll(count, requests, done, this.#handles.ignoreStatuses));
      if (this.#numbers[0] !== 0) return;
      const now = performance.now();
      if (now - begin < SPIN) continue;
      Atomics.wait(this.#sleeper, 0, 0, pause);
      const longest = Math.max(LAST_PAUSE, Math.min(SHARE_OF_WAIT * (now - begin), TURN));
      pause = Math.min(1.5 * pause, longest);
      if (now - turned < TURN) continue;
      await nextTurn();
      turned = performance.now();
    }
  }

  /** Returns where in memory a view begins. */
  #at({ buffer, byteOffset }: ArrayBufferView): number {
    let base = this.#addresses.get(buffer);
    if (base === undefined) {
      base = address(buffer);
      this.#addresses.set(buffer, base);
    }
    return base + byteOffset;
  }
}

function check(name: string, code: number): void {
  if (code !== 0) throw new Error(`${name} failed with code ${code}`);
}

/** The ranks that a launcher has started, by MPI. */
export interface MpiRanks {
  readonly ranks: Ranks;
  /** The name and version that the library gives itself. */
  readonly version: string;
  /** Waits for all ranks and leaves them. */
  finish(): Promise<void>;
  /** Ends all ranks at once. */
  abort(code: number): void;
}

/**
 * Meets the ranks that were started together with this process.
 * @throws UsageError where no MPI library, or the wrong one, is there
 */
export async function meetByMpi(launch = launchOf()!): Promise<MpiRanks> {
  settleUcx(launch);
  const mpi = loadMpi(launch.kind);
  const transport = new MpiTransport(mpi, launch);
  const ranks = await Ranks.meet(transport);
  return {
    ranks,
    version: mpi.version,
    async finish() {
      // MPI itself would wait without a pause.
      await ranks.gatherTexts('');
      transport.finish();
    },
    abort: (code) => transport.abort(code),
  };
}
