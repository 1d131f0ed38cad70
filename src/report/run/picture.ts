/** What a network of two inputs has learned, epoch by epoch. */
import { UserError } from '../../errors.js';
import { type Picture, readPicture } from '../../run/picture/file.js';
import type { PageSection } from '../elements.js';
import { html } from '../html.js';
import { frameSvg, frameTitle, missingText, swatch } from '../picture/frames.js';
import type { OpenedRun } from './open.js';

const POINTS = 'picture-rows';

/** Returns the section of the frames that a run has recorded; null where there are none. */
export function pictureSection({ folder }: OpenedRun, say: (note: string) => void): PageSection | null {
  const picture = read(folder, say);
  if (picture === null || picture.frames.length === 0) return null;
  const { plane, frames } = picture;
  const figures = frames.map(
    (frame, i) =>
      html`<figure><figcaption><h3>${frameTitle(frame)}</h3></figcaption>${frameSvg(frame, plane, POINTS, i === 0)}</figure>`,
  );
  const names = plane.classes?.map((name, c) => html`${swatch(c)} ${name} `);
  const body = html`<p>${plane.inputs[0]} to the right, ${plane.inputs[1]} upwards. ${
    names ?? `The stronger the blue, the larger the predicted ${plane.target}.`
  } ${missingText(picture)}</p>
<div class="frames">${figures}</div>`;
  return { id: 'picture', title: 'What it has learned, epoch by epoch', body };
}

function read(folder: string, say: (note: string) => void): Picture | null {
  try {
    return readPicture(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`The picture could not be read: ${error.message}`);
    return null;
  }
}
