import { writeFileSync } from 'node:fs';

/** Writes an NPY file of version 1.0. */
export function writeNpy(file: string, values: Float32Array | Uint8Array, shape: readonly number[]): void {
  writeFileSync(file, npy(values instanceof Uint8Array ? '|u1' : '<f4', shape, values));
}

/** Returns the bytes of an NPY file of version 1.0; `descr` names the type. */
export function npy(descr: string, shape: readonly number[], values: ArrayBufferView): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const text = `${header.padEnd(117)}\n`; // with the 10 bytes before it, the header is 128 bytes long
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0);
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([magic, Buffer.from(text, 'latin1'), data]);
}
