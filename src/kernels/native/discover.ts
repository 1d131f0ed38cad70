/** Knows where systems keep libraries that multiply matrices, and how to install one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Precision } from '../bfloat16.js';

/** Names of shared libraries, the best first: oneDNN, then those that offer the CBLAS interface. */
const NAMES: Readonly<Partial<Record<string, readonly string[]>>> = {
  linux: [
    'libdnnl.so.3',
    'libdnnl.so.2',
    'libdnnl.so',
    'openblas-pthread/libopenblas.so.0',
    'libopenblasp.so.0',
    'libopenblas.so.0',
    'libopenblas.so',
    'libmkl_rt.so.2',
    'libmkl_rt.so',
    'libblis.so.4',
    'libblis.so',
  ],
  darwin: [
    'libdnnl.3.dylib',
    'libdnnl.2.dylib',
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    'libopenblas.dylib',
  ],
  win32: ['dnnl.dll', 'libopenblas.dll', 'mkl_rt.2.dll'],
};

const FOLDERS: Readonly<Partial<Record<string, readonly string[]>>> = {
  linux: [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
    '/usr/local/lib',
    '/opt/intel/oneapi/dnnl/latest/lib',
    '/opt/intel/oneapi/mkl/latest/lib',
  ],
  darwin: [
    '/opt/homebrew/opt/onednn/lib',
    '/opt/homebrew/opt/openblas/lib',
    '/usr/local/opt/onednn/lib',
    '/usr/local/opt/openblas/lib',
  ],
};

/**
 * Returns what to try to load, in order: each name as the system's loader finds it, then in the usual places.
 */
export function libraryCandidates(
  platform: string = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string[] {
  const folders = [...(FOLDERS[platform] ?? [])];
  if (environment.CONDA_PREFIX) folders.unshift(join(environment.CONDA_PREFIX, 'lib'));
  return (NAMES[platform] ?? []).flatMap((name) => {
    if (name.startsWith('/')) return [name];
    const places = folders.map((folder) => join(folder, name)).filter((file) => existsSync(file));
    return name.includes('/') ? places : [name, ...places];
  });
}

/** Says in a few words how to install a library on this system; only oneDNN will do for bf16. */
export function installHint(
  platform: string = process.platform,
  release = osRelease(),
  precision: Precision = 'f32',
): string {
  const or = (cblas: string) => (precision === 'bf16' ? '' : `, or ${cblas}`);
  if (platform === 'darwin') return 'brew install onednn';
  if (platform === 'win32') return 'put dnnl.dll (oneDNN) on the PATH, or give --native-library PATH';
  const ids = /^ID(?:_LIKE)?=.*$/gm;
  const systems = [...release.matchAll(ids)].join(' ');
  if (/debian|ubuntu/.test(systems)) {
    return `apt-get install ${debianPackage(release)}${or('libopenblas0-pthread')}`;
  }
  if (/fedora|rhel|centos/.test(systems)) return `dnf install onednn${or('openblas-threads')}`;
  if (/arch/.test(systems)) return `pacman -S onednn${or('openblas')}`;
  if (/suse/.test(systems)) return `zypper install libdnnl3${or('libopenblas_pthreads0')}`;
  return `install oneDNN${or('OpenBLAS')} with the system's package manager, or give --native-library PATH`;
}

/**
 * Returns the name of oneDNN's package: Debian 12 and Ubuntu up to 23.04 have oneDNN 2, later ones oneDNN 3.
 */
function debianPackage(release: string): string {
  const version = Number(/^VERSION_ID="?([\d.]+)/m.exec(release)?.[1]);
  const old = /^ID=ubuntu/m.test(release) ? version <= 23.04 : version <= 12;
  return old ? 'libdnnl2' : 'libdnnl3';
}

function osRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
