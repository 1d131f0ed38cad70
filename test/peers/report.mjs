/** Writes the figures of a measurement as docs/peers.md and as the README's table. */
import { figure, flopsPerSample, markdownTable, median, summarize } from './summary.mjs';

/** Columns of the README's table: whose speed, divided by whose. */
const RATIOS = [
  ['gradpool wasm', 'PyTorch'],
  ['gradpool native', 'PyTorch'],
  ['gradpool native bf16', 'PyTorch bf16'],
  ['gradpool wasm', 'scikit-learn'],
  ['gradpool wasm', 'jax-js'],
  ['gradpool wasm', 'tfjs wasm'],
  ['gradpool wasm', 'brain.js'],
  ['gradpool wasm', 'convnetjs'],
];
const OWN = ['gradpool wasm', 'gradpool native', 'gradpool native bf16'];
const ADAM = ['gradpool wasm', 'gradpool native', 'PyTorch'];

/**
 * Returns one entry for each network, in the order measured; it may have been measured in several sessions.
 */
function networks({ pieces }) {
  const keys = [...new Set(pieces.map(({ network, batch }) => `${network}, ${batch}`))];
  return keys.map((key) => {
    const same = pieces.filter(({ network, batch }) => `${network}, ${batch}` === key);
    return { key, network: same[0].network, ...summarize(same.map(({ measurements }) => measurements)) };
  });
}

export function readmeText(result) {
  const all = networks(result);
  const columns = [
    ...OWN.map((name) => ({
      head: name,
      cell: ({ contestants }) =>
        figure(contestants.find((contestant) => contestant.name === name)?.samplesPerSecond ?? null),
    })),
    ...RATIOS.map(([a, b]) => ({
      head: `${a.replace('gradpool ', '')} / ${b}`,
      cell: ({ compare }) => figure(compare(a, b)),
    })),
  ].filter(({ cell }) => all.some((entry) => cell(entry) !== ''));
  const table = markdownTable(
    ['network, batch', ...columns.map(({ head }) => head)],
    all.map((entry) => [entry.key, ...columns.map(({ cell }) => cell(entry))]),
  );
  return [table, '', ...sentences(result, all)].join('\n');
}

function sentences({ mnist, machine }, all) {
  const lines = [`Samples per second and ratios on ${machine}.`];
  for (const { key, compare } of all) {
    const costs = ADAM.flatMap((name) => {
      const cost = compare(name, `${name} Adam`);
      return cost === null
        ? []
        : [`${percent(Math.abs(cost - 1))} ${cost < 1 ? 'less' : 'longer'} with ${name}`];
    });
    if (costs.length > 0) lines.push(`A step with Adam instead of SGD takes ${costs.join(', ')} (${key}).`);
  }
  if (mnist) {
    const line = ({ contestant, seconds, accuracy, firstStep }) =>
      `${contestant} ${median(seconds).toFixed(1)} s (${(100 * median(accuracy)).toFixed(1)} %), first step after ${median(firstStep).toFixed(2)} s`;
    lines.push(
      `MNIST from the start of the process to the end of ${mnist.epochs} epochs and the test: ${[...ownRuns(mnist), ...fastestPeer(mnist)].map(line).join('; ')}.`,
    );
  }
  return lines;
}

const ownRuns = ({ runs }) => runs.filter(({ contestant }) => contestant.startsWith('gradpool'));

/** Returns the fastest peer, or nothing where none took part. */
function fastestPeer({ runs }) {
  const peers = runs.filter(({ contestant }) => !contestant.startsWith('gradpool'));
  return peers.sort((a, b) => median(a.seconds) - median(b.seconds)).slice(0, 1);
}

const percent = (share) => `${Math.round(100 * share)} %`;

export function documentText(result) {
  const { machine, versions, date, commands, rounds, seconds, mnist, skipped } = result;
  const text = [
    '# gradpool and its peers',
    '',
    'Samples per second of whole training steps (forward, backward, sum, update) on random data already in memory:',
    'ReLU, softmax cross-entropy, SGD with momentum 0.9, and float32 unless the name says bf16. Every contestant is a',
    `process that has warmed up for 3 s. They take turns of about ${seconds} s in ${rounds} rounds, so that only one`,
    "works at a time. Figures are medians over the rounds. A ratio is the median of the rounds' ratios, between the best",
    "settings of both contestants. A setting that stays below 0.7 of its contestant's best in its first turns gets no",
    'more turns. brain.js and convnetjs take one sample at a time; brain.js minimizes the squared error and updates the',
    'weights after every sample.',
    '',
    `- machine: ${machine}`,
    `- versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- date: ${date}`,
    `- command: ${commands.map((command) => `\`${command}\``).join(', ')}`,
    ...(skipped.length > 0 ? [`- skipped: ${skipped.join('; ')}`] : []),
    '',
  ];
  for (const entry of networks(result)) text.push(...networkText(entry));
  if (mnist) text.push(...mnistText(mnist));
  return text.join('\n');
}

function networkText({ key, network, contestants, compare }) {
  const own = OWN.filter((name) => contestants.some((contestant) => contestant.name === name));
  const flops = flopsPerSample(network);
  const rows = contestants.map(({ name, setting, samplesPerSecond }) => [
    name,
    setting,
    figure(samplesPerSecond),
    ((samplesPerSecond * flops) / 1e9).toFixed(1),
    ...own.map((mine) => (name === mine ? '' : figure(compare(mine, name)))),
  ]);
  const settings = contestants.flatMap(({ name, setting, measurements }) =>
    measurements.map((measurement) => [
      name,
      measurement.setting === setting && setting !== '' ? `**${setting}**` : measurement.setting,
      figure(median(measurement.turns)),
      `${figure(Math.min(...measurement.turns))} – ${figure(Math.max(...measurement.turns))}`,
      `${measurement.turns.length}`,
    ]),
  );
  return [
    `## ${key}`,
    '',
    markdownTable(['', 'best setting', 'samples/s', 'GFLOP/s', ...own.map((name) => `${name} / it`)], rows),
    '',
    '<details><summary>all settings</summary>',
    '',
    markdownTable(['', 'setting', 'median samples/s', 'least – most', 'turns'], settings),
    '',
    '</details>',
    '',
  ];
}

function mnistText({ epochs, runs }) {
  const ours = runs.find(({ contestant }) => contestant === 'gradpool');
  const rows = runs.map(({ contestant, setting, seconds, accuracy, firstStep }) => [
    contestant,
    setting,
    median(firstStep).toFixed(2),
    median(seconds).toFixed(1),
    `${(100 * median(accuracy)).toFixed(2)} %`,
    (median(firstStep) / median(ours.firstStep)).toFixed(2),
    (median(seconds) / median(ours.seconds)).toFixed(2),
  ]);
  return [
    '## MNIST from the start of the process',
    '',
    `784-256-128-10, batch 128, SGD with momentum, a cosine schedule over ${epochs} epochs and weight decay 2e-4, on the same`,
    'files. The first step is timed in a script that imports gradpool; the whole is `gradpool train mnist` with the flags',
    'of `npm start`, including its checkpoints and its model.',
    '',
    markdownTable(
      [
        '',
        'setting',
        's to the first step',
        's to the end',
        'test accuracy',
        'first step, it / gradpool',
        'whole, it / gradpool',
      ],
      rows,
    ),
    '',
  ];
}
