/**
 * picture.jsonl: what a network of two inputs computes over their plane, after ever more epochs. The first
 * line says which plane, each further line holds the network after one epoch.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../../atomic.js';
import { endsInLine } from '../../lines.js';
import { appendRegular, partOf, readRegularText } from '../../regular.js';
import { parseStored, type StoredFormat, versionKey } from '../../stored.js';
import { RUN_FILES } from '../folder.js';

const VERSION = 1;
const pair = z.tuple([z.number(), z.number()]);

const headSchema = z
  .object({
    formatVersion: versionKey(VERSION),
    type: z.literal('plane'),
    /** Names of the two inputs. */
    inputs: z.tuple([z.string(), z.string()]),
    /** The least and the largest value of each input that is drawn. */
    low: pair,
    high: pair,
    /** Points of the grid in each direction. */
    size: z.int().min(2).max(1000),
    /** Names of the classes; null where a number is predicted. */
    classes: z.array(z.string()).min(2).max(16).nullable(),
    /** What is predicted. */
    target: z.string(),
    /** Range of the predicted number; null for classes. */
    range: pair.nullable(),
    /** Rows of the training: both inputs, and the index of the class or the number. */
    points: z.array(z.tuple([z.number(), z.number(), z.number()])).max(2000),
  })
  .refine(({ low, high }) => low.every((value, input) => value < high[input]), {
    error: 'low is not below high',
  });

const frameSchema = z.object({
  type: z.literal('frame'),
  epoch: z.int().min(0),
  /** Whether these are the weights that were kept at the end. */
  final: z.literal(true).exactOptional(),
  /**
   * Grids of 16-bit numbers, base64: for two classes one that is above 0 where the second is predicted, for
   * more one of each class, for a number its place in the range.
   */
  grids: z.array(z.string().max(3_000_000)).min(1).max(16),
});

const remedy = 'delete the file: nothing but the picture is lost';
const HEAD: StoredFormat<typeof headSchema> = { version: VERSION, schema: headSchema, remedy };
const FRAME: StoredFormat<typeof frameSchema> = { version: VERSION, schema: frameSchema, remedy };

/** The plane that is drawn, and what lies in it. */
export type Plane = z.output<typeof headSchema>;
type StoredFrame = z.output<typeof frameSchema>;

/** The network after one epoch. */
export interface PictureFrame {
  readonly epoch: number;
  readonly final: boolean;
  /** Each [size, size], row by row from the least value of the second input on. */
  readonly grids: readonly Int16Array[];
}

/** All that a picture of a training is drawn from. */
export interface Picture {
  readonly plane: Plane;
  /** In the order of their epochs. */
  readonly frames: readonly PictureFrame[];
}

/** Begins the file of a run. */
export function beginPicture(folder: string, plane: Omit<Plane, 'type' | 'formatVersion'>): void {
  const line = JSON.stringify({ type: 'plane', formatVersion: VERSION, ...plane });
  writeFileAtomic(partOf(folder, RUN_FILES.picture), `${line}\n`);
}

/** Appends a frame. When a run goes on from a checkpoint, frames after it are appended a second time. */
export function appendFrame(folder: string, { epoch, final, grids }: PictureFrame): void {
  const file = partOf(folder, RUN_FILES.picture);
  const texts = grids.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  );
  const line = JSON.stringify({ type: 'frame', epoch, ...(final ? { final } : {}), grids: texts });
  // A kill may have cut the last line of an earlier session short.
  appendRegular(file, `${endsInLine(file) ? '\n' : ''}${line}\n`);
}

/** Whether a run has begun a picture. */
export const hasPicture = (folder: string): boolean => existsSync(partOf(folder, RUN_FILES.picture));

/**
 * Reads the picture of a run; null where it has none. The later frame of an epoch counts, and a last line
 * that a kill cut short is passed over.
 * @throws DataError for a file that is damaged
 */
export function readPicture(folder: string): Picture | null {
  if (!hasPicture(folder)) return null;
  const file = partOf(folder, RUN_FILES.picture);
  const [head, ...lines] = readRegularText(file).split('\n');
  const plane = parseStored(HEAD, head, `${file}:1`);
  const frames = new Map<number, PictureFrame>();
  let final: PictureFrame | null = null;
  for (const [index, line] of lines.entries()) {
    if (line === '' || !line.endsWith('}')) continue;
    const frame = frameOf(parseStored(FRAME, line, `${file}:${index + 2}`), plane);
    if (frame === null) continue;
    if (frame.final) final = frame;
    else {
      frames.set(frame.epoch, frame);
      if (final !== null && frame.epoch > final.epoch) final = null; // the run went on after its first end
    }
  }
  const { epoch = Number.POSITIVE_INFINITY } = final ?? {};
  const before = [...frames.values()].filter((frame) => frame.epoch < epoch || final === null);
  const ordered = before.sort((a, b) => a.epoch - b.epoch);
  return { plane, frames: final === null ? ordered : [...ordered, final] };
}

/** Returns a frame with its grids as numbers; null where they are not those of the plane. */
function frameOf({ epoch, final, grids }: StoredFrame, { size, classes }: Plane): PictureFrame | null {
  const numbers = grids.map((text) => {
    const bytes = Buffer.from(text, 'base64');
    return new Int16Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 2));
  });
  const wanted = classes === null || classes.length === 2 ? 1 : classes.length;
  const fits = numbers.length === wanted && numbers.every(({ length }) => length === size * size);
  return fits ? { epoch, final: final === true, grids: numbers } : null;
}
