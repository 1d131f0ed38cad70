/**
 * Grows as values are appended. Making ample room is cheap: the system gives memory to pages only when they
 * are first written.
 */
export class GrowingArray<T extends Float64Array | Float32Array | Uint32Array> {
  #values: T;
  #used = 0;

  constructor(
    private readonly Type: new (length: number) => T,
    room: number,
  ) {
    this.#values = new Type(room);
  }

  append(values: T, count: number): void {
    if (this.#used + count > this.#values.length) {
      const larger = new this.Type(Math.max(2 * this.#values.length, this.#used + count));
      larger.set(this.#values as never);
      this.#values = larger;
    }
    this.#values.set(values.subarray(0, count) as never, this.#used);
    this.#used += count;
  }

  all(): T {
    return this.#values.subarray(0, this.#used) as T;
  }
}
