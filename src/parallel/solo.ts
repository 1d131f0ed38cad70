/**
 * Decides when a coordinator computes all tasks of its runs itself although it has threads. Where another
 * program takes the core of one of them, all others wait for that one at the end of each run, and a run can
 * take longer than the coordinator alone would. So it can where tasks are so short that waking a thread takes
 * longer. After a while the threads get their tasks again, because the other program may have ended.
 */
import { type Clock, systemClock } from '../clock.js';

/** Runs and milliseconds with threads that are judged together. */
const WINDOW = { runs: 4, milliseconds: 20 };
/** Such windows one after the other that have to be too long, as a single one is now and then. */
const WINDOWS = 2;
/** A run with threads counts as too long above this many times what the coordinator would take alone. */
const MARGIN = 1.1;
/** Milliseconds without threads: the first time, and at most, after they were too slow again and again. */
const FIRST_PAUSE = 40;
const LONGEST_PAUSE = 640;

export class Solo {
  #runs = 0;
  #took = 0;
  #alone = 0;
  #tooLong = 0;
  #pause = FIRST_PAUSE;
  #end = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock = systemClock) {}

  /** Returns whether the coordinator is to compute the next run alone. */
  isOn(): boolean {
    return this.clock() < this.#end;
  }

  /**
   * Takes a run with threads into account.
   * @param took milliseconds of the run
   * @param tasks tasks of the run, about equal
   * @param shortest milliseconds of that task which took least: the one that was disturbed least
   */
  record(took: number, tasks: number, shortest: number): void {
    this.#runs++;
    this.#took += took;
    this.#alone += tasks * shortest;
    if (this.#runs < WINDOW.runs || this.#took < WINDOW.milliseconds) return;
    this.#tooLong = this.#took > MARGIN * this.#alone ? this.#tooLong + 1 : 0;
    if (this.#tooLong >= WINDOWS) {
      this.#end = this.clock() + this.#pause;
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    } else if (this.#tooLong === 0) {
      this.#pause = FIRST_PAUSE;
    }
    this.#runs = 0;
    this.#took = 0;
    this.#alone = 0;
  }
}
