/** Lists the stations of the lecture's tour, and runs one as if its command had been typed. */
import { slidesText, stationNamed, TOUR } from '../src/explain/tour.js';
import { readArgs } from './args.js';
import { type Command, commandName } from './command.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { trainCommand } from './commands/train.js';
import { json, print } from './render/output.js';
import { commandLine, stationText, tourText } from './render/tour.js';

/** Prints the stations. */
export function listTour(asJson: boolean): void {
  if (!asJson) print(tourText(TOUR));
  else {
    json(
      TOUR.map(({ name, slides, title, command, look }) => ({
        name,
        slides,
        title,
        command: commandLine(command),
        look,
      })),
    );
  }
}

/**
 * Runs the command of a station, found by its name or the number of a slide, and returns its exit code.
 * @param explain the command that this is called from
 */
export async function runStation(name: string, explain: Command): Promise<number> {
  const station = stationNamed(name);
  const [first, ...rest] = station.command;
  print(`${stationText(station, slidesText(station))}\n`);
  const command = [explain, gradcheckCommand, trainCommand].find((one) => commandName(one) === first)!;
  return command.run(await readArgs(command, rest));
}
