import { defineCommand } from '../command.js';
import { readText } from '../readers.js';
import { json, print } from '../render/output.js';

export const cacheCommand = defineCommand({
  usage: 'cache',
  describe: 'list what is in the cache of data that was streamed from disk, or clear it',
  positionals: {},
  flags: {
    clear: { describe: 'remove all of it; a later training reads its data again', boolean: true },
    cache: {
      describe: 'the folder, as train takes it; default: $GRADPOOL_CACHE, or the one of train',
      read: readText,
    },
    json: { describe: 'print one JSON document', boolean: true },
  },
  examples: [
    ['gradpool cache', 'what is there, and how large it is'],
    ['gradpool cache --clear', 'when the disk is full'],
  ],
  async run(args) {
    const { cacheRoot, clearCache, listCache } = await import('../../src/data/stream/cachefolder.js');
    const { cacheText } = await import('../render/cache.js');
    const root = cacheRoot(args.cache ?? process.env.GRADPOOL_CACHE);
    const { clear = false } = args;
    const entries = clear ? clearCache(root) : listCache(root);
    args.json ? json({ folder: root, cleared: clear, entries }) : print(cacheText(root, entries, clear));
    return 0;
  },
});
