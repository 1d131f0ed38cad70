/**
 * Names for WebAssembly's objects in signatures that the published declarations reach. Without the DOM
 * library TypeScript declares no `WebAssembly`, and a program that uses gradpool may have neither the DOM
 * library nor the declarations that this repository compiles with.
 */

/** A `WebAssembly.Memory` that all threads share. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A compiled `WebAssembly.Module`; nothing but its instantiation looks inside. */
export type WasmModule = object;
