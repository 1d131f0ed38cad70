/** metrics.jsonl: the events of a training but its steps, one a line, in the order in which they came. */
import { z } from 'zod';
import { KERNEL_NAMES } from '../kernels/kernels.js';
import { whole } from '../optim/hyper.js';
import { measured, type ShapeOf, type StoredFormat, versionKey } from '../stored.js';
import type { MemberEvent, StartedMember } from '../train/bagevents.js';
import type { FoldEvent } from '../train/cvevents.js';
import type {
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  NoteEvent,
  RefitEpochEvent,
  RefitEvent,
  RetryEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  WorkersEvent,
} from '../train/events.js';
import { FOLD_SHAPE, MEMBER_SHAPE, metricsSchema, RESULT_SHAPE } from './resultformat.js';

const VERSION = 1;
const counted = z.int().min(1);
const member = counted.exactOptional().describe('the member of a bag, counted from 1');
const fold = counted.exactOptional().describe('the fold of a cross-validation, counted from 1');
const refit = z.literal(true).exactOptional().describe('set in a refit');

const started = z.looseObject({
  seed: whole(0).describe("the member's own seed"),
  rows: z
    .looseObject({
      train: whole(0).describe('training rows'),
      val: whole(0).describe('validation rows'),
    })
    .describe('its numbers of rows'),
  stepsPerEpoch: counted.describe('steps of an epoch'),
  done: z.boolean().describe('whether an earlier session trained it'),
} satisfies ShapeOf<StartedMember>);

export const startSchema = z.looseObject({
  type: z.literal('start').describe('comes first in each session: what will be trained, and on what'),
  formatVersion: versionKey(VERSION),
  run: z.string().nullable().describe("the run's folder"),
  dataset: z.string().describe('short name of the data'),
  task: z.enum(['classification', 'regression']).describe('what is predicted, a class or a number'),
  classes: z.array(z.string()).nullable().describe('names of the classes by index'),
  rows: z
    .looseObject({
      train: whole(0).describe('training rows'),
      val: whole(0).describe('validation rows'),
      test: whole(0).describe('test rows'),
    })
    .describe('number of rows in each part of the data'),
  network: z
    .looseObject({})
    .describe('inputs, layers and loss of the network')
    .transform((network) => network as unknown as StartEvent['network']),
  widths: z.string().describe('widths of inputs, hidden layers and outputs'),
  parameters: whole(0).describe('number of weights and biases'),
  batch: counted.describe('rows of a full batch'),
  stepsPerEpoch: counted.describe('steps of an epoch'),
  epochs: counted.describe('epochs that are planned'),
  step: whole(0).describe('steps that were done before'),
  kernels: z.enum(KERNEL_NAMES).describe('the code that does the arithmetic'),
  sharedBytes: whole(0).describe('bytes of memory that the threads share'),
  notes: z.array(z.string()).describe('what was inferred, filled in or dropped'),
  config: z
    .looseObject({})
    .describe('the configuration, as config.yaml holds it')
    .transform((config) => config as unknown as StartEvent['config']),
  bag: z.array(started).exactOptional().describe('the members of a bag'),
  folds: z.array(started).exactOptional().describe('the folds of a cross-validation'),
} satisfies ShapeOf<StartEvent & { formatVersion: number }>);

const workers = z.looseObject({
  type: z.literal('workers').describe('how many workers train: at the start, and whenever that changes'),
  workers: whole(0).describe('number of threads'),
  why: z.string().describe('why that many'),
} satisfies ShapeOf<WorkersEvent>);

const passed = {
  epoch: counted.describe('the epoch that has ended, counted from 1'),
  step: whole(0).describe('steps done so far'),
  train: metricsSchema.describe("means over the epoch's rows, taken while the weights changed"),
  lr: z.number().describe('learning rate of the last step'),
  seconds: z.number().describe('seconds of training alone'),
  samplesPerSecond: measured.describe('rows trained on in a second of training alone'),
};

export const epochSchema = z.looseObject({
  type: z.literal('epoch').describe('follows each epoch'),
  ...passed,
  val: metricsSchema.nullable().describe('metrics on the validation data'),
  best: z.boolean().describe('whether this is the best epoch so far'),
  norms: z
    .array(z.looseObject({ layer: z.string(), weights: measured, gradient: measured }))
    .exactOptional()
    .describe('norms of weights and gradient by layer after its last step'),
  member,
  fold,
} satisfies ShapeOf<EpochEvent>);

const checkpoint = z.looseObject({
  type: z.literal('checkpoint').describe('follows each checkpoint'),
  step: whole(0).describe('steps that it holds'),
  path: z.string().describe('its file'),
  member,
  fold,
} satisfies ShapeOf<CheckpointEvent>);

const retry = z.looseObject({
  type: z.literal('retry').describe('a worker died, and its work was done again'),
  message: z.string().describe('what happened'),
  member,
  fold,
  refit,
} satisfies ShapeOf<RetryEvent>);

const note = z.looseObject({
  type: z.literal('note').describe('something that the user should know and that changes no result'),
  message: z.string().describe('what happened'),
  member,
  fold,
  refit,
} satisfies ShapeOf<NoteEvent>);

const memberEnd = z.looseObject({
  type: z.literal('member').describe('a member of a bag has ended, or was done before'),
  member: counted.describe('the member, counted from 1'),
  ...MEMBER_SHAPE,
} satisfies ShapeOf<MemberEvent>);

const foldEnd = z.looseObject({
  type: z.literal('fold').describe('the network of a fold has ended, or was done before'),
  fold: counted.describe('the fold, counted from 1 through all repetitions'),
  ...FOLD_SHAPE,
} satisfies ShapeOf<FoldEvent>);

const refitBegin = z.looseObject({
  type: z.literal('refit').describe('the network is trained once more, on the validation rows too'),
  epochs: counted.describe('epochs that it will take'),
  rows: counted.describe('rows that it is trained on'),
  stepsPerEpoch: counted.describe('steps of an epoch'),
} satisfies ShapeOf<RefitEvent>);

const refitEpoch = z.looseObject({
  type: z.literal('refitEpoch').describe('follows each epoch of a refit'),
  ...passed,
} satisfies ShapeOf<RefitEpochEvent>);

const end = z.looseObject({
  type: z.literal('end').describe('comes last and holds the result'),
  ...RESULT_SHAPE,
} satisfies ShapeOf<EndEvent>);

const EVENTS = [
  startSchema,
  workers,
  epochSchema,
  checkpoint,
  retry,
  note,
  memberEnd,
  foldEnd,
  refitBegin,
  refitEpoch,
  end,
] as const;
const types = EVENTS.map(({ shape }) => shape.type.value);

/** An event of metrics.jsonl, which has all but steps. */
export type RecordedEvent = Exclude<TrainEvent, StepEvent>;

export const METRICS_FORMAT = {
  version: VERSION,
  schema: z.discriminatedUnion('type', EVENTS, { error: `expected an event: ${types.join(', ')}` }),
  remedy: 'remove the line, or restore the file from a copy; no result depends on it',
} as const satisfies StoredFormat;
