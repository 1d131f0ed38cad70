/** Writes the figures of a measurement as docs/peers.md and as the README's table. */
import { figure, flopsPerSample, markdownTable, median, summarize } from './summary.mjs';

/** The columns of the README's table after gradpool's own: whose speed, divided by whose. */
const ratios = (lead) => [
  [lead, 'PyTorch'],
  ['gradpool jit bf16', 'PyTorch bf16'],
  ['gradpool amx bf16', 'PyTorch bf16'],
  ['gradpool native bf16', 'PyTorch bf16'],
  [lead, 'gradpool native'],
  [lead, 'scikit-learn'],
  [lead, 'jax-js'],
  [lead, 'tfjs wasm'],
  [lead, 'brain.js'],
  [lead, 'convnetjs'],
];
const OWN = ['jit', 'native', 'wasm', 'jit bf16', 'amx bf16', 'native bf16'].map(
  (name) => `gradpool ${name}`,
);
const ADAM = ['gradpool jit', 'gradpool native', 'gradpool wasm', 'PyTorch'];

/** Returns whose float32 stands against that of the peers: jit, or wasm, which has the same bits. */
const leadOf = (all) =>
  all.some(({ contestants }) => contestants.some(({ name }) => name === 'gradpool jit'))
    ? 'gradpool jit'
    : 'gradpool wasm';

/** Says in words what a setting's workers=0 means. */
const settingText = (setting) => setting.replace(/\bworkers=0\b/, 'workers=0 (in-process)');

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
    ...ratios(leadOf(all)).map(([a, b]) => ({
      head: `${a.replace('gradpool ', '')} / ${b.replace('gradpool ', '')}`,
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
  const lines = [`Samples per second and ratios on ${machine}. Each contestant has its best setting.`];
  const alone = all.flatMap(({ key, contestants }) =>
    contestants
      .filter(({ name, setting }) => OWN.includes(name) && /\bworkers=0\b/.test(setting))
      .map(({ name }) => `${name} (${key})`),
  );
  if (alone.length > 0)
    lines.push(`Fastest without workers, and so measured in-process: ${alone.join(', ')}.`);
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
    const line = ({ contestant, setting, seconds, accuracy, firstStep }) =>
      `${contestant} (${setting}) ${median(seconds).toFixed(1)} s (${(100 * median(accuracy)).toFixed(1)} %), first step after ${median(firstStep).toFixed(2)} s`;
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
    'settings of both contestants.',
    '',
    '**Each contestant has its best setting.** The environment variables OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE, which some systems set and',
    'which can halve the speed of OpenBLAS, are taken out of every contestant. First each number of threads or workers is tried for',
    'two turns. The two fastest settings of PyTorch and scikit-learn are then tried with glibc told to keep freed memory (MALLOC_TRIM_THRESHOLD_,',
    'MALLOC_MMAP_THRESHOLD_ and MALLOC_TOP_PAD_ set high), on a CPU with AVX-512 with OPENBLAS_CORETYPE=SkylakeX, and with both;',
    'PyTorch bf16, whose products are not made by OpenBLAS, with the former only. A setting whose fastest trial is below 0.7 of its',
    "contestant's fastest is tried for two more turns after all others, because the first may have been bad luck, and if it stays below, it takes no",
    'part in the rounds. The tables name settings in full; `workers=0 (in-process)` was measured without workers.',
    '',
    'brain.js and convnetjs take one sample at a time; brain.js minimizes the squared error and updates the',
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
    settingText(setting),
    figure(samplesPerSecond),
    ((samplesPerSecond * flops) / 1e9).toFixed(1),
    ...own.map((mine) => (name === mine ? '' : figure(compare(mine, name)))),
  ]);
  const settings = contestants.flatMap(({ name, setting, measurements }) =>
    measurements.map(({ setting: one, turns, trials }) => {
      const figures = turns.length > 0 ? turns : trials;
      const text = settingText(one);
      return [
        name,
        one === setting && one !== '' ? `**${text}**` : text,
        figure(median(figures)),
        `${figure(Math.min(...figures))} – ${figure(Math.max(...figures))}`,
        turns.length > 0 ? `${turns.length}` : `${trials.length} trials`,
      ];
    }),
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
