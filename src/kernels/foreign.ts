/**
 * Calls functions outside JavaScript through koffi: nothing is compiled, and arrays are passed as addresses.
 */
import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';
import { loadingNative } from '../gate.js';

export type { LibraryHandle } from 'koffi';

type Koffi = typeof import('koffi');
/** A function outside JavaScript that takes and returns numbers. */
export type ForeignFunction = (...numbers: number[]) => number;

let koffi: Koffi | undefined;

/** Loads koffi when it is first needed: most commands have no use for it. Throws Error in one line. */
export function loadKoffi(): Koffi {
  try {
    koffi ??= loadingNative(() => createRequire(import.meta.url)('koffi') as Koffi);
  } catch (error) {
    throw new Error(
      `the package koffi does not load: ${(error as Error).message.split('\n')[0]}; npm install koffi`,
    );
  }
  return koffi;
}

/** Says in one line why nothing outside JavaScript can be called, or returns null if it can. */
export function koffiProblem(): string | null {
  try {
    loadKoffi();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns a function of the library, or null when neither it nor a library that it is linked to has it. */
export function foreignFunction(library: LibraryHandle, prototype: string): ForeignFunction | null {
  try {
    return library.func(prototype);
  } catch {
    return null;
  }
}

/** Returns the address of a buffer. */
export const address = (buffer: ArrayBufferLike): number =>
  Number(loadKoffi().address(new Uint8Array(buffer)));
