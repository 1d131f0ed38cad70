/** Finds built-in problems by name, as DATA spells them: `xor`, `parity:6`, `moons:500,noise=0.2,seed=7`. */
import { UsageError } from '../../errors.js';
import type { ArraySource } from '../arrays/arrayfiles.js';
import { isNumber } from '../words.js';
import { iris } from './iris.js';
import { parity, xor } from './parity.js';
import { blobs, circles, moons, spirals } from './planar.js';
import type { BuiltInProblem, Sample, SampleOptions } from './problem.js';
import { sine } from './sine.js';

/** All built-in problems; a new one needs an entry here and nothing else. */
export const PROBLEMS = { xor, parity, spirals, moons, circles, blobs, sine, iris } as const satisfies Record<
  string,
  BuiltInProblem
>;
type ProblemName = keyof typeof PROBLEMS;
/** Names of the built-in problems, for messages and completion. */
export const PROBLEM_NAMES = Object.keys(PROBLEMS) as ProblemName[];

/** Returns the problem that the part before the colon names; null if there is none. */
export function problemName(data: string): ProblemName | null {
  const name = data.split(':', 1)[0];
  return Object.hasOwn(PROBLEMS, name) ? (name as ProblemName) : null;
}

/** Whether a size may follow the problem's name. */
export function hasSize(name: string): boolean {
  const problem: BuiltInProblem | undefined = PROBLEMS[name as ProblemName];
  return problem?.size !== undefined;
}

/** Opens a built-in problem as a source; the sample is drawn when inputs or labels are first asked for. */
export function openProblem(name: ProblemName, data: string): ArraySource {
  const problem: BuiltInProblem = PROBLEMS[name];
  const options = parseOptions(data, name, problem);
  let drawn: Sample | undefined;
  const sample = () => {
    drawn ??= problem.sample(options);
    return drawn;
  };
  const tensor = (values: Sample['inputs'], ...shape: number[]) => ({ file: data, shape, data: values });
  return {
    kind: 'arrays',
    name: data,
    train: {
      inputs() {
        const { inputs, width } = sample();
        return tensor(inputs, inputs.length / width, width);
      },
      labels: () => tensor(sample().labels, sample().labels.length),
      labelsFile: data,
    },
    test: null,
    ...(problem.classes === undefined ? {} : { classes: problem.classes }),
    ...(problem.complete ? { complete: true } : {}),
  };
}

/** Values that an option of a problem may take. */
interface OptionRange {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/**
 * Parses what follows the colon: pairs of key=value, or the size alone. Throws UsageError that says what is
 * wrong and which options there are.
 */
function parseOptions(data: string, name: string, { size, noise }: BuiltInProblem): SampleOptions {
  const unit = size?.unit ?? '';
  const ranges: Record<string, OptionRange> = {
    ...(size ? { [unit]: { ...size, whole: true } } : {}),
    ...(noise === undefined ? {} : { noise: { min: 0, max: 1e6, whole: false } }),
    ...(noise === undefined ? {} : { seed: { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true } }),
  };
  const known = Object.keys(ranges);
  const values: Record<string, number> = { [unit]: size?.default ?? 0, noise: noise ?? 0, seed: 1 };
  const parts = data.includes(':') ? data.slice(name.length + 1).split(',') : [];
  for (const part of parts) {
    const [key, text] = part.includes('=') ? part.split('=', 2) : [unit, part];
    if (!Object.hasOwn(ranges, key)) {
      const choice = known.length > 0 ? `known: ${known.join(', ')}` : `${name} has nothing to choose`;
      throw new UsageError(`${data}: unknown option "${part}"; ${choice}`);
    }
    const { min, max, whole } = ranges[key];
    const value = isNumber(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max && (!whole || Number.isInteger(value)))) {
      const kind = whole ? 'whole number' : 'number';
      throw new UsageError(`${data}: ${key} must be a ${kind} from ${min} to ${max}, found "${text}"`);
    }
    values[key] = value;
  }
  return { size: values[unit], noise: values.noise, seed: values.seed };
}
