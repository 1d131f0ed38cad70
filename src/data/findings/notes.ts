/** Tells of findings in short, for a training, and refuses data with findings where the user wants that. */
import { DataError } from '../../errors.js';
import { shellWord } from '../words.js';
import { type Finding, type FindingKind, findingText } from './finding.js';

/** Most lines in which a training tells of findings. */
const MOST_LINES = 5;
/** Kinds that the notes on reading the table tell of already. */
const TOLD: readonly FindingKind[] = ['names', 'constant'];

/** The settings of a training on which its findings depend. */
interface FindingSettings {
  readonly data: string;
  readonly target?: string | undefined;
  readonly val: number | string;
  readonly test?: number | string | undefined;
  readonly seed: number;
}

/** Shortens findings to a few notes. The rest is counted, with the command that shows all of them. */
export function findingNotes(findings: readonly Finding[], settings: FindingSettings): string[] {
  const untold = findings.filter(({ kind }) => !TOLD.includes(kind));
  const shown = untold.length <= MOST_LINES ? untold : untold.slice(0, MOST_LINES - 1);
  const lines = shown.map((finding) => `check: ${findingText(finding)}`);
  const rest = untold.length - shown.length;
  return rest === 0 ? lines : [...lines, `check: and ${rest} more: ${inspectWith(settings)}`];
}

/** Throws DataError that names the first finding and counts the others, if there are any. */
export function rejectFindings(findings: readonly Finding[], settings: FindingSettings): void {
  if (findings.length === 0) return;
  const more = findings.length === 1 ? '' : ` (and ${findings.length - 1} more: ${inspectWith(settings)})`;
  throw new DataError(`${settings.data}: ${findingText(findings[0])}${more}; or leave --strict out`);
}

/** Writes the command that shows all findings of a training. */
function inspectWith({ data, target, val, test, seed }: FindingSettings): string {
  const flags = [
    ...(target === undefined ? [] : ['-t', target]),
    ...(val === 'auto' ? [] : ['--val', String(val)]),
    ...(test === undefined ? [] : ['--test', String(test)]),
    ...(seed === 1 ? [] : ['--seed', String(seed)]),
  ];
  return ['gradpool inspect', ...[data, ...flags].map(shellWord)].join(' ');
}
