/** Writes the stations of the lecture's tour. */
import { shellWord } from '../../src/data/words.js';
import { type Station, slidesText } from '../../src/explain/tour.js';
import { folded, painter, terminalWidth } from './text.js';

/** Writes a command as it is typed in a shell. */
export const commandLine = (command: readonly string[]): string =>
  ['gradpool', ...command].map(shellWord).join(' ');

/** Lists the stations: slides and name, then title and command below. */
export function tourText(tour: readonly Station[]): string {
  const paint = painter(process.stdout);
  const lines = tour.flatMap((station) => [
    `${paint('bold', station.name)}  ${paint('dim', slidesText(station))}`,
    ...indented(station.title),
    ...indented(commandLine(station.command)),
  ]);
  return [
    ...lines,
    '',
    ...folded('gradpool explain --tour NAME runs one; a slide’s number will do too.', room(), 0),
  ].join('\n');
}

/** Writes what a station shows, its command and what to look at. */
export function stationText({ title, command, look }: Station, slides: string): string {
  const paint = painter(process.stdout);
  return [
    ...folded(`${slides}: ${title}`, room(), 2),
    ...folded(`Look at: ${look}`, room(), 2),
    paint('bold', `$ ${commandLine(command)}`),
  ].join('\n');
}

const room = () => Math.min(100, terminalWidth());

const indented = (text: string) => folded(`    ${text}`, room(), 8);
