/**
 * The protobuf messages of event files, as far as gradpool writes them: excerpts from TensorBoard's
 * event.proto, summary.proto and tensor.proto, and from its plugins' hparams/plugin_data.proto and
 * custom_scalar/layout.proto. The names of messages do not reach the file, the numbers of fields do. The
 * descriptor is built here rather than generated, because the table below is the whole of it. It has proto2's
 * presence: a field that is set is written, also when it is 0.
 */
import { create, createFileRegistry, type DescMessage, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const SCALARS = {
  double: Type.DOUBLE,
  float: Type.FLOAT,
  int32: Type.INT32,
  int64: Type.INT64,
  string: Type.STRING,
  bytes: Type.BYTES,
  bool: Type.BOOL,
} as const;

/** The number of each field and its type: a scalar or a message, in brackets if it is repeated. */
const MESSAGES = {
  Event: {
    wallTime: [1, 'double'],
    step: [2, 'int64'],
    fileVersion: [3, 'string'],
    summary: [5, 'Summary'],
    sessionLog: [7, 'SessionLog'],
  },
  SessionLog: { status: [1, 'int32'] },
  Summary: { value: [1, ['Value']] },
  Value: {
    tag: [1, 'string'],
    simpleValue: [2, 'float'],
    tensor: [8, 'Tensor'],
    metadata: [9, 'Metadata'],
  },
  Metadata: { pluginData: [1, 'PluginData'], displayName: [2, 'string'] },
  PluginData: { pluginName: [1, 'string'], content: [2, 'bytes'] },
  Tensor: { dtype: [1, 'int32'], shape: [2, 'Shape'], stringVal: [8, ['bytes']] },
  Shape: { dim: [2, ['Dim']] },
  Dim: { size: [1, 'int64'] },
  HParams: { version: [1, 'int32'], start: [3, 'SessionStart'], end: [4, 'SessionEnd'] },
  SessionStart: { hparams: [1, ['HParam']], groupName: [4, 'string'], startTime: [5, 'double'] },
  SessionEnd: { status: [1, 'int32'], endTime: [2, 'double'] },
  HParam: { key: [1, 'string'], value: [2, 'HValue'] },
  HValue: { number: [2, 'double'], text: [3, 'string'], bool: [4, 'bool'] },
  Layout: { version: [1, 'int32'], category: [2, ['Category']] },
  Category: { title: [1, 'string'], chart: [2, ['Chart']] },
  Chart: { title: [1, 'string'], multiline: [2, 'Multiline'] },
  Multiline: { tag: [1, ['string']] },
} as const;

type Name = keyof typeof MESSAGES;
type FieldType = keyof typeof SCALARS | Name;
type ValueOf<T> = T extends Name
  ? MessageOf<T>
  : T extends 'string'
    ? string
    : T extends 'bytes'
      ? Uint8Array
      : T extends 'bool'
        ? boolean
        : T extends 'int64'
          ? bigint
          : number;

/** A message as plain data; any field may be left out. */
export type MessageOf<N extends Name> = {
  readonly [Key in keyof (typeof MESSAGES)[N]]?: (typeof MESSAGES)[N][Key] extends readonly [number, infer T]
    ? T extends readonly [infer Item]
      ? readonly ValueOf<Item>[]
      : ValueOf<T>
    : never;
};

function fieldOf([name, [number, given]]: [string, readonly [number, FieldType | readonly [FieldType]]]) {
  const type = typeof given === 'string' ? given : given[0];
  return {
    name,
    jsonName: name,
    number,
    label: typeof given === 'string' ? Label.OPTIONAL : Label.REPEATED,
    ...(type in SCALARS
      ? { type: SCALARS[type as keyof typeof SCALARS] }
      : { type: Type.MESSAGE, typeName: `.gradpool.${type}` }),
  };
}

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'events.proto',
    package: 'gradpool',
    syntax: 'proto2',
    messageType: Object.entries(MESSAGES).map(([name, fields]) => ({
      name,
      field: Object.entries(fields).map(fieldOf),
    })),
  }),
  () => undefined,
);

/** Returns the descriptor of a message. */
export const descriptorOf = (name: Name): DescMessage => registry.getMessage(`gradpool.${name}`)!;

/** Encodes a message. */
export function encode<N extends Name>(name: N, message: MessageOf<N>): Uint8Array {
  const descriptor = descriptorOf(name);
  return toBinary(descriptor, create(descriptor, message as never));
}
