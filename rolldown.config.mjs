/**
 * Bundles the command and the worker thread into a few files each: loading 150 small ones takes longer than
 * loading MNIST. The files that tsc writes in the same place work as well, but start more slowly; a program
 * that imports 'gradpool' gets those.
 */
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));

/** These packages are bundled, because each has many small files; others are loaded from node_modules. */
const BUNDLED = ['zod', 'yaml', 'fastest-levenshtein', 'yargs-parser', '@duckdb/node-api'];

/**
 * Lets a bundled module find the files beside it where tsc put the module: bundles and modules lie on the
 * same level, dist/FOLDER/.
 */
const ownPlace = {
  name: 'own-place',
  transform(code, id) {
    if (!id.startsWith(root) || id.includes('node_modules') || !code.includes('import.meta.url')) return null;
    const place = `../${relative(root, id).replaceAll('\\', '/').replace(/ts$/, 'js')}`;
    return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
  },
};

const bundle = (name) => ({
  input: { [name]: `${name}.ts` },
  platform: 'node',
  external: (id) => /^[^./]/.test(id) && !BUNDLED.includes(id),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [ownPlace],
  output: {
    dir: 'dist',
    // Each bundle has chunks of its own, since those of two bundles may have the same name.
    chunkFileNames: `chunks-${basename(name)}/[name].js`,
    // Without comments there is less to read at each start.
    comments: { legal: true, annotation: false, jsdoc: false },
    banner:
      '/* With @duckdb/node-api, zod, fastest-levenshtein (MIT), yaml and yargs-parser (ISC): see their folders in node_modules. */',
  },
});

/** The program of a page: one file for a browser, which stands in the page itself. */
const page = (name, input) => ({
  input,
  platform: 'browser',
  output: {
    file: `dist/page/${name}.js`,
    format: 'iife',
    minify: true,
    banner: '/* With zod (MIT) and fastest-levenshtein (MIT). */',
  },
});

export default [
  bundle('bin/gradpool'),
  bundle('workers/gradient'),
  bundle('workers/member'),
  bundle('workers/trial'),
  page('explain', 'page/main.ts'),
];
