/** Contestants as processes that stay alive and take turns, so that only one of them works at a time. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { best, median } from './summary.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** A setting gets no more turns if its best one is below this share of its contestant's best setting. */
const DROPPED = 0.7;
const START_SECONDS = 120;
const END_SECONDS = 5;

/**
 * @returns {Promise<{ versions?: object, skip?: string, turn: (seconds: number) => Promise<{
 * samplesPerSecond?: number, skip?: string }>, close: () => Promise<void> }>}
 */
export async function start([program, ...args], network, batch, setting) {
  const words = setting === '' ? [] : setting.split(' ');
  const child = spawn(
    program === 'node' ? process.execPath : program,
    [...args, network, `${batch}`, ...words],
    {
      cwd: FOLDER,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const gone = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
  // 'exit' may come before the last lines that it printed; 'close' comes after them
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on('error', () => {}); // `ended` says so
  const answer = async (seconds) => {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, 1000 * seconds, `no answer within ${seconds} s`);
    });
    try {
      for (;;) {
        const said = await Promise.race([lines.next(), ended, late]);
        if (typeof said === 'string') return { skip: said };
        if (said.done) return { skip: await ended };
        if (said.value.startsWith('{')) return JSON.parse(said.value); // a library may greet on stdout
      }
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    ...(await answer(START_SECONDS)),
    turn: (seconds) => {
      child.stdin.write(`${seconds}\n`);
      return answer(10 * seconds + START_SECONDS);
    },
    close: async () => {
      child.stdin.end(); // the contestant then ends its own threads and processes
      const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * END_SECONDS);
      await gone;
      clearTimeout(timer);
    },
  };
}

/**
 * Measures every setting of every contestant on one network, in rounds over all of them. Every second round
 * goes backwards.
 * @returns {Promise<{ measurements: { contestant: string, setting: string, turns: number[] }[], versions:
 * object }>}
 */
export async function compete(entries, network, batch, { rounds, seconds, note }) {
  const playing = [];
  const versions = {};
  try {
    for (const { name, command, settings } of entries) {
      for (const some of inGroups(settings, availableParallelism())) {
        const started = await Promise.all(some.map((setting) => start(command, network, batch, setting)));
        for (const [index, process] of started.entries()) {
          if (process.skip !== undefined) await process.close();
          else {
            playing.push({ contestant: name, setting: some[index], process, turns: [], dropped: false });
            Object.assign(versions, process.versions);
          }
        }
        const reasons = new Set(started.flatMap(({ skip }) => (skip === undefined ? [] : [skip])));
        for (const reason of reasons) note(`skipped: ${name} (${network}): ${reason}`);
        if (started.every(({ skip }) => skip !== undefined)) break; // the others would lack the same
      }
    }
    note(`${network}: ${playing.length} processes are ready`);
    for (let round = 0; round < rounds; round++) {
      // a setting is dropped for good, so that the rounds stay paired
      for (const player of playing) player.dropped ||= isTooSlow(player, playing);
      const order = round % 2 === 0 ? playing : [...playing].reverse();
      for (const player of order.filter(({ dropped }) => !dropped)) {
        const { samplesPerSecond, skip } = await player.process.turn(seconds);
        if (samplesPerSecond !== undefined) player.turns.push(samplesPerSecond);
        else {
          player.dropped = true;
          note(`skipped: ${player.contestant} ${player.setting} (${network}): ${skip}`);
        }
      }
      note(`${network}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    await Promise.all(playing.map(({ process }) => process.close()));
  }
  return {
    measurements: playing
      .filter(({ turns }) => turns.length > 0)
      .map(({ contestant, setting, turns }) => ({ contestant, setting, turns })),
    versions,
  };
}

function isTooSlow({ contestant, turns }, playing) {
  if (turns.length < 2) return false; // a single turn may have been bad luck
  const fastest = best(playing.filter((other) => other.contestant === contestant));
  return Math.max(...turns) < DROPPED * median(fastest.turns);
}

/** Divides items into groups: loading takes a core each, and warming up is not measured. */
function inGroups(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, k) =>
    items.slice(k * size, (k + 1) * size),
  );
}
