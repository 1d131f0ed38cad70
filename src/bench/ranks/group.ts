/** A number of ranks that a launcher has started, and that wait for what they are asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors.js';
import { MPI_HINT } from '../../ranks/library.js';
import type { RankAnswer, RankFacts, RankOrder, RankSetup } from './setup.js';

const RANK_FILE = fileURLToPath(new URL('../../../bin/benchrank.js', import.meta.url));
/** Characters of what a failing launcher has printed that an error shows. */
const MOST_SAID = 600;
/** Milliseconds in which ranks end by themselves. */
const ENDING = 5000;

export class RankGroup {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  #errors = '';

  private constructor(
    readonly ranks: number,
    private readonly launcher: readonly string[],
    setup: RankSetup,
  ) {
    const [command, ...words] = launcher;
    const rank = [process.execPath, RANK_FILE, JSON.stringify(setup)];
    this.#child = spawn(command, [...words, '-n', `${ranks}`, ...rank], { stdio: 'pipe' });
    this.#child.stderr!.on('data', (text) => {
      this.#errors += text;
    });
    this.#child.stdin!.on('error', () => {}); // its end is told below
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      this.#child.once('close', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /**
   * Starts ranks, and waits until they are ready.
   * @throws UsageError where the launcher is missing, or its ranks do not train together
   */
  static async start(
    ranks: number,
    launcher: readonly string[],
    setup: RankSetup,
  ): Promise<{ readonly group: RankGroup; readonly facts: RankFacts }> {
    const group = new RankGroup(ranks, launcher, setup);
    try {
      const facts = (await group.#answer()) as RankFacts;
      if (facts.ranks !== ranks) {
        throw new UsageError(
          `"${launcher.join(' ')} -n ${ranks}" starts processes that know nothing of each other: give --mpiexec the launcher of an MPI`,
        );
      }
      return { group, facts };
    } catch (error) {
      await group.close();
      throw error;
    }
  }

  /** Asks the ranks, which all do it, for something. */
  ask(order: RankOrder): Promise<RankAnswer> {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`);
    return this.#answer() as Promise<RankAnswer>;
  }

  /** Ends the ranks, if need be by a signal to the launcher, which passes it on. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGTERM'), ENDING);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Returns the next line of JSON; a launcher may print others. */
  async #answer(): Promise<unknown> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw await this.#failure();
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }

  async #failure(): Promise<Error> {
    const why = await this.#ended;
    const [command] = this.launcher;
    if (why === 'ENOENT') {
      return new UsageError(
        `--ranks: there is no ${command} here, by which ranks are started; ${MPI_HINT}, or name another launcher with --mpiexec`,
      );
    }
    const said = this.#errors.trim().slice(0, MOST_SAID) || 'it printed nothing';
    return new UsageError(`--ranks: ${this.launcher.join(' ')} -n ${this.ranks} failed, ${why}: ${said}`);
  }
}
