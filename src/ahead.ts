/**
 * Asks for up to `count` items before the first of them is taken, so that what makes them works while what
 * takes them does. The items come in their order, and so does an error.
 */
export async function* ahead<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<T>>[] = [];
  const ask = () => {
    const next = iterator.next();
    next.catch(() => {}); // it is thrown when its turn has come
    asked.push(next);
  };
  try {
    for (let i = 0; i < count; i++) ask();
    for (;;) {
      const { done, value } = await asked.shift()!;
      if (done) return;
      ask();
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
