/** A sweep's files may come from anybody, so the libraries that they name are not loaded unasked. */
import { refuseNamedLibrary } from '../kernels/native/index.js';
import type { SweepOptions } from './definition.js';

/**
 * Throws UsageError for a library in a sweep's file that this machine's own search does not find.
 * @param where the file or folder, for the message
 * @param named the library that the user names, which may be loaded
 */
export function refuseLibraries(
  { base, axes }: Pick<SweepOptions, 'base' | 'axes'>,
  where: string,
  named?: string,
): void {
  const inAxes = Object.entries(axes ?? {}).flatMap(([key, values]) =>
    key === 'nativeLibrary' ? [values].flat() : [],
  );
  for (const path of [base.nativeLibrary, ...inAxes]) {
    if (path !== named) refuseNamedLibrary(path, `${where}: nativeLibrary`);
  }
}
