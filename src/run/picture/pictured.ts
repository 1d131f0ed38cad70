/** Which trainings a picture can be drawn of: those of two numbers, seen from above. */
import type { TrainingData } from '../../data/load.js';
import { isFolded } from '../../data/parting.js';
import { UsageError } from '../../errors.js';
import type { TrainConfig } from '../../train/config.js';

/** Classes up to which each has a colour of its own. */
const MOST_COLOURS = 6;

/** Says why no picture can be drawn of a network on these data; null where one can. */
export function whyNoPicture(
  data: Pick<TrainingData, 'inputWidth' | 'continuous' | 'schema' | 'classes' | 'train'>,
): string | null {
  const { inputWidth, continuous, schema, classes, train } = data;
  if (train.dataset.stored) return 'a picture shows the rows, and these are streamed from disk';
  if (inputWidth !== 2) {
    return `a picture shows the plane of two inputs, and this network has ${inputWidth === 1 ? 'one' : inputWidth}`;
  }
  const numbers =
    schema.kind === 'arrays' || schema.columns.filter(({ kind }) => kind === 'number').length === 2;
  if (continuous !== 2 || !numbers) {
    return 'a picture shows the plane of two numbers, and this network reads categories, dates or marks of missing values';
  }
  if (classes !== null && classes.length > MOST_COLOURS) {
    return `a picture has colours for ${MOST_COLOURS} classes, and these data have ${classes.length}`;
  }
  return null;
}

/** Throws UsageError where a picture was asked for and cannot be drawn. */
export function refuseNoPicture(data: Parameters<typeof whyNoPicture>[0]): void {
  const why = whyNoPicture(data);
  if (why !== null) throw new UsageError(`--picture: ${why}; leave it out`);
}

/** Throws UsageError where a picture was asked for of a training that has several networks. */
export function refuseSeveral(config: Pick<TrainConfig, 'bag' | 'cv' | 'fold' | 'cvRepeats'>): void {
  if (config.bag === 1 && !isFolded(config)) return;
  throw new UsageError(
    `--picture shows one network, and ${config.bag > 1 ? '--bag' : 'a cross-validation'} trains several: leave out one of the two`,
  );
}
