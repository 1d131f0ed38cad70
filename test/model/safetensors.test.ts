import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '#src/errors.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '#src/model/safetensors.js';

/** A file by hand: the header's length, the header, the data. */
function file(header: string, data: number[] | Uint8Array = [], length = header.length): Uint8Array {
  const head = [...new TextEncoder().encode(header)];
  const size = Array.from({ length: 8 }, (_, i) => Math.floor(length / 256 ** i) % 256);
  return Uint8Array.from([...size, ...head, ...data]);
}

const header = (tensors: object) => JSON.stringify(tensors);
const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('the safetensors format', () => {
  it('is, byte by byte, what the specification says', () => {
    const json = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
    expect(json.length).toBe(81);
    // biome-ignore format: one line a part
    const expected = Uint8Array.from([
      88, 0, 0, 0, 0, 0, 0, 0, // 81 bytes of JSON, padded to 88
      ...new TextEncoder().encode(json),
      32, 32, 32, 32, 32, 32, 32,
      0x00, 0x00, 0x80, 0x3f, // 1
      0x00, 0x00, 0x20, 0xc0, // -2.5
    ]);
    expect(
      encodeSafetensors([{ name: 'a', shape: [2, 1], data: Float32Array.of(1, -2.5) }], { k: 'v' }),
    ).toEqual(expected);
    const { tensors, metadata } = decodeSafetensors(expected, 'a.safetensors');
    expect(metadata).toEqual({ k: 'v' });
    expect([...tensors]).toEqual([['a', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, -2.5) }]]);
  });

  it('brings every array and string back', () => {
    const values = fc.oneof(
      fc.float32Array({ maxLength: 9 }),
      fc.float64Array({ maxLength: 9 }),
      fc.int32Array({ maxLength: 9 }),
      fc.uint32Array({ maxLength: 9 }),
    );
    const name = fc
      .string({ unit: 'binary' })
      .filter((text) => text !== '__metadata__' && text !== '__proto__');
    const contents = fc.uniqueArray(fc.tuple(name, values), { selector: ([key]) => key, maxLength: 4 });
    fc.assert(
      fc.property(contents, fc.dictionary(name, fc.string({ unit: 'binary' })), (arrays, metadata) => {
        const tensors = arrays.map(
          ([key, data]): NamedTensor => ({ name: key, shape: [1, data.length], data }),
        );
        const bytes = encodeSafetensors(tensors, metadata);
        const read = decodeSafetensors(bytes, 'f');
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(read.tensors.size).toBe(tensors.length);
        for (const { name, shape, data } of tensors) {
          expect(read.tensors.get(name)).toMatchObject({ shape, data });
        }
      }),
    );
  });

  it('reads tensors in any order of their names, without metadata, empty ones and scalars', () => {
    const bytes = file(
      header({ b: f32([], 4, 8), a: f32([1], 0, 4), c: f32([0, 7], 4, 4) }),
      [0, 0, 128, 63, 0, 0, 0, 64],
    );
    const { tensors, metadata } = decodeSafetensors(bytes, 'f');
    expect(metadata).toEqual({});
    expect(Object.fromEntries([...tensors].map(([name, { data }]) => [name, [...data]]))).toEqual({
      a: [1],
      b: [2],
      c: [],
    });
  });
});

describe('a damaged file', () => {
  const sound = encodeSafetensors(
    [
      { name: 'a', shape: [3], data: Float32Array.of(1, 2, 3) },
      { name: 'b', shape: [2], data: Float64Array.of(4, 5) },
    ],
    { note: 'é' },
  );

  it('is refused wherever it ends', () => {
    for (let length = 0; length < sound.length; length++) {
      expect(() => decodeSafetensors(sound.subarray(0, length), 'run/m.safetensors'), `at ${length}`).toThrow(
        DataError,
      );
    }
    expect(() => decodeSafetensors(sound, 'm')).not.toThrow();
  });

  it('is refused with any one byte of its header changed, or read differently: never with another error', () => {
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, value) => {
        const bytes = sound.slice();
        bytes[at] = value;
        try {
          decodeSafetensors(bytes, 'f');
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
    );
  });

  // biome-ignore format: one line a case
  const cases: [string, Uint8Array, RegExp][] = [
    ['a header that claims more than there is', file('{}', [], 3), /claims 3 bytes, but 2 are there/],
    ['a header of gigabytes', file('{}', [], 2 ** 40), /claims 1099511627776 bytes; at most 100000000/],
    ['no JSON', file('{"a":'), /header is not JSON/],
    ['bytes that are not UTF-8', Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff]), /header is not JSON/],
    ['a list', file('[]'), /wrong at the top/],
    ['an unknown type', file(header({ a: { ...f32([1], 0, 4), dtype: 'F33' } }), [0, 0, 0, 0]), /wrong at a.dtype/],
    ['a negative size', file(header({ a: f32([-1], 0, 4) }), [0, 0, 0, 0]), /wrong at a.shape.0/],
    ['a fraction', file(header({ a: f32([0.5], 0, 2) }), [0, 0]), /wrong at a.shape.0/],
    ['metadata that is not text', file('{"__metadata__":{"a":1}}'), /wrong at __metadata__.a/],
    ['an unknown key', file(header({ a: { ...f32([1], 0, 4), more: 1 } }), [0, 0, 0, 0]), /wrong at a /],
    ['a size that does not match', file(header({ a: f32([2], 0, 4) }), [0, 0, 0, 0]), /'a' has 4 bytes, but F32 \[2\] needs 8/],
    ['sizes beyond all numbers', file(header({ a: f32([2 ** 52, 2 ** 52, 0], 0, 4) }), [0, 0, 0, 0]), /'a' has 4 bytes/],
    ['an end before its beginning', file(header({ a: f32([1], 4, 0) }), [0, 0, 0, 0]), /begins at byte 4/],
    ['overlapping tensors', file(header({ a: f32([1], 0, 4), b: f32([1], 2, 6) }), [0, 0, 0, 0, 0, 0]), /'b' begins at byte 2 .* expected 4/],
    ['a gap', file(header({ a: f32([1], 0, 4), b: f32([1], 8, 12) }), new Uint8Array(12)), /'b' begins at byte 8 .* expected 4/],
    ['a tensor beyond the end', file(header({ a: f32([1], 0, 4), b: f32([1], 4, 8) }), [0, 0, 0, 0, 0]), /within tensor 'b': 3 bytes/],
    ['bytes after the end', file(header({ a: f32([1], 0, 4) }), [0, 0, 0, 0, 9]), /1 bytes after the last tensor/],
    ['a name given twice', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', new Uint8Array(8)), /begins at byte 4/],
  ];
  for (const [name, bytes, message] of cases) {
    it(`is refused for ${name}, naming the file`, () => {
      expect(() => decodeSafetensors(bytes, 'run/m.safetensors')).toThrow(DataError);
      expect(() => decodeSafetensors(bytes, 'run/m.safetensors')).toThrow(message);
      expect(() => decodeSafetensors(bytes, 'run/m.safetensors')).toThrow(/^run\/m\.safetensors: .*[^\n]$/);
    });
  }
});
