/** Writes where the time of a training went, part by part. */
import { type ProfileReport, type RunSeconds, TRACED_STEPS } from '../../src/train/profile.js';
import { count, countOf, duration, facts, painter, table } from './text.js';

const STEP_PARTS: readonly (readonly [keyof RunSeconds, string])[] = [
  ['data', 'epochs shuffled, rows gathered'],
  ['reading', 'waiting for rows from disk'],
  ['forward', 'forward pass, loss'],
  ['backward', 'backward pass, shards summed in a worker'],
  ['wait', 'dispatch; waiting for the slowest worker'],
  ['sum', 'shards summed between workers'],
  ['update', 'update rule (in slices: the sum as well)'],
];
const OTHER_PARTS: readonly (readonly [keyof RunSeconds, string])[] = [
  ['evaluation', 'validation and test metrics'],
  ['saving', 'checkpoints and the model'],
  ['refit', 'training on all rows'],
  ['rest', 'events, progress, trials of workers'],
];

/**
 * Writes a table whose parts add up to the wall time of the run. `workers` is the number at the last step.
 */
export function profileText(
  { steps, rows, seconds, trace }: ProfileReport & { readonly trace: string | null },
  workers: number,
): string {
  const sum = (parts: typeof STEP_PARTS) => parts.reduce((total, [part]) => total + (seconds[part] ?? 0), 0);
  const inSteps = sum(STEP_PARTS);
  const wall = inSteps + sum(OTHER_PARTS);
  const share = (part: number) => `${((100 * part) / wall).toFixed(1)} %`;
  const perStep = (part: number) => (steps === 0 ? '' : ((1000 * part) / steps).toFixed(3));
  const line = (name: string, time: number, step: string, what: string) => [
    name,
    time.toFixed(3),
    step,
    share(time),
    what,
  ];
  const lines = [
    ...STEP_PARTS.flatMap(([part, what]) => {
      const time = seconds[part];
      return time === undefined ? [] : [line(part, time, perStep(time), what)];
    }),
    line('steps', inSteps, perStep(inSteps), 'all of the above'),
    ...OTHER_PARTS.filter(([part]) => part !== 'refit' || seconds.refit > 0).map(([part, what]) =>
      line(part, seconds[part] ?? 0, '', what),
    ),
    line('run', wall, '', 'wall time'),
  ];
  const paint = painter(process.stdout);
  const speed =
    steps === 0 ? '' : ` of ${duration(inSteps / steps)}, ${count(Math.round(rows / inSteps))} rows/s`;
  return [
    `${paint('bold', 'profile')}  ${countOf(steps, 'step')}${speed}`,
    fitting(lines),
    ...(workers > 1 ? ['data, forward and backward are means over the workers'] : []),
    ...(trace ? [traceText(trace, steps)] : []),
  ].join('\n\n');
}

function traceText(trace: string, steps: number): string {
  const part = steps > TRACED_STEPS ? ` (the first ${TRACED_STEPS} steps)` : '';
  return facts([
    ['trace', trace + part],
    ['open in', 'https://ui.perfetto.dev or chrome://tracing'],
  ]);
}

/** Writes the table, without the meanings of the parts where the terminal is too narrow for them. */
function fitting(lines: readonly (readonly string[])[]): string {
  const full = table(['part', 's', 'ms/step', 'share', ''], lines, Number.POSITIVE_INFINITY);
  const room = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  if (Math.max(...full.split('\n').map(({ length }) => length)) <= room) return full;
  return table(
    ['part', 's', 'ms/step', 'share'],
    lines.map((cells) => cells.slice(0, 4)),
  );
}
