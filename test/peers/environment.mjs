/** The environment in which a contestant runs: what is taken out of it, and what a setting puts into it. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * Some systems set these for all programs. They make OpenBLAS take the kernels of another CPU, which may
 * halve its speed, so no contestant sees them unless its setting says so.
 */
const REMOVED = ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'];

/**
 * glibc returns freed memory to the system and asks for it again, which costs PyTorch a page fault for each
 * page of each large array. These keep it: 32 MiB is the most that glibc accepts as the second.
 */
const MALLOC = 'MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TOP_PAD_=67108864';
/** OpenBLAS has kernels for AVX-512 that it does not choose by itself on every CPU. */
const AVX512_BLAS = 'OPENBLAS_CORETYPE=SkylakeX';

/** Lists the environments, beside the plain one, in which a peer that uses OpenBLAS may be faster. */
export function blasEnvironments(avx512 = hasAvx512()) {
  return avx512 ? [MALLOC, AVX512_BLAS, `${AVX512_BLAS} ${MALLOC}`] : [MALLOC];
}

/** Lists those of a peer whose products are not OpenBLAS's. */
export const allocatorEnvironments = () => [MALLOC];

function hasAvx512() {
  return existsSync('/proc/cpuinfo') && /\bavx512f\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/**
 * Divides a setting into the words of its command line and the variables of its environment, which are those
 * in capitals: 'threads=1 OPENBLAS_CORETYPE=SkylakeX'.
 */
export function splitSetting(setting) {
  const words = setting.split(' ').filter((word) => word !== '');
  const isVariable = (word) => /^[A-Z][A-Z0-9_]*=/.test(word);
  return {
    words: words.filter((word) => !isVariable(word)),
    variables: Object.fromEntries(words.filter(isVariable).map((word) => word.split(/=(.*)/, 2))),
  };
}

/** Returns the environment of a process that runs with these variables. */
export function environmentWith(variables, inherited = process.env) {
  const kept = Object.entries(inherited).filter(([name]) => !REMOVED.includes(name));
  return { ...Object.fromEntries(kept), ...variables };
}
