/** Gives pieces of work to child processes, each of which takes the next when it is done with one. */
import { fork } from 'node:child_process';

/**
 * Shares `pieces` out among child processes of `script`. A child gets a piece as a message, sends messages
 * about it, and at last one with `done`. One that ends within a piece is followed by another.
 * @param until time by `performance.now()` after which no piece begins
 * @param tell is told of a message, and of an end within a piece; that returns what is left of the piece, or
 *   null
 */
export async function shareOut({ script, words, pieces, processes, until = Number.POSITIVE_INFINITY, tell }) {
  const left = [...pieces];
  const children = new Set();
  let stopped = false;
  const lane = async (number) => {
    let child = null;
    while (!stopped && left.length > 0 && performance.now() < until) {
      let piece = left.shift();
      while (piece !== null && !stopped) {
        child ??= begun(script, [...words, `${number}`], children);
        const ended = await settled(child, piece, (message) => tell.message(piece, message));
        if (ended === null) piece = null;
        else {
          child = null;
          piece = stopped ? null : tell.crash(piece, ended);
        }
      }
    }
    child?.disconnect();
  };
  const stop = () => {
    stopped = true;
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  await Promise.all(Array.from({ length: processes }, (_, number) => lane(number)));
  return { left: left.length, stopped };
}

function begun(script, words, children) {
  const child = fork(script, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Resolves with null when a child is done with a piece, or with how it ended. */
function settled(child, piece, see) {
  return new Promise((resolve) => {
    const hear = (message) => {
      if (!message.done) see(message);
      else {
        child.off('exit', ended).off('message', hear);
        resolve(null);
      }
    };
    const ended = (code, signal) => {
      child.off('message', hear);
      resolve(signal ?? `code ${code}`);
    };
    child.on('message', hear).once('exit', ended);
    child.send(piece);
  });
}
