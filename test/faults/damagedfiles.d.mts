import type { TrainOptions } from '#src/train/config.js';

export type Files = ReadonlyMap<string, Buffer>;
export const SMALL_RUN: TrainOptions;
export function filesOf(run: string): Files;
export function damaged(bytes: Buffer, place: number): { what: string; bytes: Buffer };
export function writeRun(run: string, files: Files, name?: string, bytes?: Buffer): void;
