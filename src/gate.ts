/**
 * A gate between threads that load native code and those that end threads. Node aborts the whole process when
 * a thread is ended while koffi is loaded in it or makes a function of an address, so nobody ends threads
 * meanwhile, and nobody loads anything while threads are being ended.
 *
 * LOADING and ENDING count those who do so now. Either counts itself first and then looks at the other count;
 * because all of that is atomic, two who begin at the same time cannot both overlook each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

/** The name under which a thread finds the counts of its process. */
const GATE = 'gradpool: native code';
const LOADING = 0;
const ENDING = 1;
/** Milliseconds to wait at most: a thread that dies while it loads never counts itself out. */
const PATIENCE = 2000;

/** Returns the counts, which threads share that were started after the first call in this thread. */
function counts(): Int32Array {
  let memory = getEnvironmentData(GATE) as unknown as SharedArrayBuffer | undefined;
  if (memory === undefined) {
    memory = new SharedArrayBuffer(8);
    setEnvironmentData(GATE, memory as unknown as Parameters<typeof setEnvironmentData>[1]);
  }
  return new Int32Array(memory);
}

/** Tells the threads that this one starts from now on of the gate, and keeps it when the process ends. */
export function guardThreads(): void {
  if (!isMainThread || getEnvironmentData(GATE) !== undefined) return;
  const shared = counts();
  process.once('exit', () => {
    Atomics.add(shared, ENDING, 1);
    for (let loading = 1; loading > 0; ) {
      loading = Atomics.load(shared, LOADING);
      if (loading > 0 && Atomics.wait(shared, LOADING, loading, PATIENCE) === 'timed-out') return;
    }
  });
}

/** Whether this thread is loading native code already. */
let isLoading = false;

/** Loads native code in this thread. */
export function loadingNative<T>(load: () => T): T {
  if (isMainThread || isLoading) return load(); // nobody ends the main thread
  const shared = counts();
  for (;;) {
    Atomics.add(shared, LOADING, 1);
    const ending = Atomics.load(shared, ENDING);
    if (ending === 0) break;
    leave(shared, LOADING);
    Atomics.wait(shared, ENDING, ending);
  }
  isLoading = true;
  try {
    return load();
  } finally {
    isLoading = false;
    leave(shared, LOADING);
  }
}

/** Ends threads by `end`. */
export async function endingThreads<T>(end: () => Promise<T>): Promise<T> {
  const shared = counts();
  Atomics.add(shared, ENDING, 1);
  try {
    const patient = performance.now() + PATIENCE;
    while (Atomics.load(shared, LOADING) > 0 && performance.now() < patient) await sleep(1);
    return await end();
  } finally {
    leave(shared, ENDING);
  }
}

function leave(shared: Int32Array, count: number): void {
  Atomics.sub(shared, count, 1);
  Atomics.notify(shared, count);
}
