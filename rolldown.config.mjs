/**
 * The command and the worker thread, each in few files: loading 150 small ones takes longer than loading MNIST. What tsc
 * wrote in their place works as well, only slower to start; `import 'gradpool'` takes tsc's files.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Packages taken in; any other is loaded from node_modules where it is used. */
const TAKEN_IN = ['zod', 'yaml', 'fastest-levenshtein', 'yargs-parser'];

/** A module finds the files beside it where tsc put it: bundles and modules lie on one level, dist/FOLDER/. */
const ownPlace = {
  name: 'own-place',
  transform(code, id) {
    if (!id.startsWith(root) || !code.includes('import.meta.url')) return null;
    const place = `../${relative(root, id).replaceAll('\\', '/').replace(/ts$/, 'js')}`;
    return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
  },
};

const bundle = (name) => ({
  input: { [name]: `${name}.ts` },
  platform: 'node',
  external: (id) => /^[^./]/.test(id) && !TAKEN_IN.includes(id),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [ownPlace],
  output: {
    dir: 'dist',
    chunkFileNames: 'chunks/[name].js',
    banner:
      '/* With zod (MIT), yaml (ISC), fastest-levenshtein (MIT) and yargs-parser (ISC): see their folders in node_modules. */',
  },
});

export default [bundle('bin/gradpool'), bundle('workers/gradient')];
