/** Contestants as processes that stay alive and take turns, so that only one of them works at a time. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentWith, splitSetting } from './environment.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/**
 * A setting takes no part in the rounds if its fastest trial is below this share of its contestant's fastest
 * one.
 */
const DROPPED = 0.7;
/** Trials of each setting before the rounds; one that was slow in all of them is tried as often again. */
const TRIALS = 2;
/** So many settings, the fastest in the plain environment, are tried in the other environments too. */
const BEST_SETTINGS = 2;
const START_SECONDS = 120;
const END_SECONDS = 5;

/**
 * @returns {Promise<{ versions?: object, skip?: string, turn: (seconds: number) => Promise<{
 * samplesPerSecond?: number, skip?: string }>, close: () => Promise<void> }>}
 */
export async function start([program, ...args], network, batch, setting) {
  const { words, variables } = splitSetting(setting);
  const child = spawn(
    program === 'node' ? process.execPath : program,
    [...args, network, `${batch}`, ...words],
    {
      cwd: FOLDER,
      env: environmentWith(variables),
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
 * Measures every setting of every contestant on one network. First all are tried, to choose those that are
 * worth a round: the settings in the plain environment, then the best of them in the other environments.
 * Those that were slow are tried once more at the end, because a few slow turns may have been bad luck. Then
 * all that were chosen take turns in rounds. Every second round goes backwards.
 * @returns {Promise<{ measurements: { contestant: string, setting: string, trials: number[], turns: number[]
 * }[], versions: object }>}
 */
export async function compete(entries, network, batch, { rounds, seconds, note }) {
  const playing = [];
  const versions = {};
  const takeTurn = async (player, figures) => {
    const { samplesPerSecond, skip } = await player.process.turn(seconds);
    if (samplesPerSecond !== undefined) player[figures].push(samplesPerSecond);
    else {
      await leave(player);
      note(`skipped: ${[player.contestant, player.setting].join(' ').trim()} (${network}): ${skip}`);
    }
  };
  const tryOut = async (players) => {
    for (let trial = 0; trial < TRIALS; trial++) {
      for (const player of players) if (!player.gone) await takeTurn(player, 'trials');
    }
  };
  try {
    for (const entry of entries) {
      const begun = await startAll(entry, entry.settings, network, batch, { note, versions });
      playing.push(...begun);
      await tryOut(begun);
      const fastest = begun.filter(({ gone }) => !gone).sort((a, b) => fastestTrial(b) - fastestTrial(a));
      const settings = fastest
        .slice(0, BEST_SETTINGS)
        .flatMap(({ setting }) => (entry.environments ?? []).map((more) => `${setting} ${more}`.trim()));
      const others = await startAll(entry, settings, network, batch, { note, versions });
      playing.push(...others);
      await tryOut(others);
    }
    await tryOut(playing.filter((player) => isTooSlow(player, playing)));
    for (const player of playing.filter((one) => isTooSlow(one, playing))) await leave(player);
    note(`${network}: ${playing.filter(({ gone }) => !gone).length} of ${playing.length} settings go on`);
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? playing : [...playing].reverse();
      for (const player of order) if (!player.gone) await takeTurn(player, 'turns');
      note(`${network}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    await Promise.all(playing.map(leave));
  }
  return {
    measurements: playing
      .filter(({ trials, turns }) => trials.length + turns.length > 0)
      .map(({ contestant, setting, trials, turns }) => ({ contestant, setting, trials, turns })),
    versions,
  };
}

/**
 * Starts a contestant in several settings, as many at a time as there are cores: warming up is not measured.
 */
async function startAll({ name, command }, settings, network, batch, { note, versions }) {
  const players = [];
  for (const some of inGroups(settings, availableParallelism())) {
    const started = await Promise.all(some.map((setting) => start(command, network, batch, setting)));
    for (const [index, process] of started.entries()) {
      if (process.skip !== undefined) await process.close();
      else {
        const figures = { trials: [], turns: [] };
        players.push({ contestant: name, setting: some[index], process, ...figures, gone: false });
        Object.assign(versions, process.versions);
      }
    }
    const reasons = new Set(started.flatMap(({ skip }) => (skip === undefined ? [] : [skip])));
    for (const reason of reasons) note(`skipped: ${name} (${network}): ${reason}`);
    if (started.every(({ skip }) => skip !== undefined)) break; // the others would lack the same
  }
  return players;
}

/** Ends a player's process, if it has not been ended. */
async function leave(player) {
  if (player.gone) return;
  player.gone = true;
  await player.process.close();
}

const fastestTrial = ({ trials }) => Math.max(0, ...trials);

function isTooSlow(player, playing) {
  if (player.gone) return false;
  const rivals = playing.filter(({ contestant, gone }) => contestant === player.contestant && !gone);
  return fastestTrial(player) < DROPPED * Math.max(...rivals.map(fastestTrial));
}

/** Divides items into groups. */
function inGroups(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, k) =>
    items.slice(k * size, (k + 1) * size),
  );
}
