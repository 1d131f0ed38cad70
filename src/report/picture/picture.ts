/** Draws the picture of a run: how a network of two inputs divides their plane, over the epochs. */
import { shortName } from '../../data/source.js';
import { DataError, UsageError } from '../../errors.js';
import { readRun } from '../../run/folder.js';
import { readPicture } from '../../run/picture/file.js';
import { picturePage } from './page.js';
import { pictureSvg } from './svg.js';

/** The files that a picture can be written to, by their endings. */
const DRAWERS = { svg: pictureSvg, html: picturePage } as const;
type PictureKind = keyof typeof DRAWERS;

/** Returns the kind of file that a name ends in. @throws UsageError for another one */
export function pictureKind(file: string): PictureKind {
  const [, ending = ''] = /\.(\w+)$/.exec(file.toLowerCase()) ?? [];
  if (Object.hasOwn(DRAWERS, ending)) return ending as PictureKind;
  throw new UsageError(
    `--picture ${file}: the name must end in ${Object.keys(DRAWERS)
      .map((one) => `.${one}`)
      .join(' or ')}`,
  );
}

/**
 * Draws the picture of a run.
 * @throws DataError where the run has recorded no frames
 */
export function drawPicture(folder: string, kind: PictureKind): string {
  const picture = readPicture(folder);
  if (picture === null || picture.frames.length === 0) {
    throw new DataError(`${folder}: no frames of a picture were recorded`);
  }
  return DRAWERS[kind](picture, `What the network learns of ${shortName(readRun(folder).config.data)}`);
}
