import { SingleBar } from 'cli-progress';
import { forTerminal, painter } from './text.js';

/** A bar that counts things done. */
interface CountBar {
  show(done: number, total: number): void;
  stop(): void;
}

/** Opens a bar on stderr, which is gone when it stops. */
export function countBar(things: string): CountBar {
  const paint = painter(process.stderr);
  const width = 30;
  const bar = new SingleBar({
    format: (_options, { progress, value, total }) => {
      const done = Math.round(progress * width);
      const bar = `${paint('green', '━'.repeat(done))}${paint('dim', '─'.repeat(width - done))}`;
      return forTerminal(`${bar}  ${value} of ${total} ${things}`);
    },
    stream: process.stderr,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  let started = false;
  return {
    show(done, total) {
      if (!started) bar.start(total, done);
      started = true;
      bar.update(done);
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
